/*
 * A host for one output plugin, driven over standard input and output. Build it with
 *
 *     cc -std=gnu99 -O2 -rdynamic -o flbhost *.c -ldl -lpthread    Linux
 *     x86_64-w64-mingw32-gcc -std=gnu99 -O2 -o flbhost.exe *.c     Windows
 *
 * and start it with arguments name=value: library=PATH log=FILE workers=N retry-limit=N backoff=MICROSECONDS
 * metrics=PATH no-context=0|1 last-context=0|1 no-exit=0|1 daemon=0|1 share=0|1 stack=BYTES. The plugin's standard output goes to
 * the log, its standard error stays. library=- is a plugin linked into this program. commands.h says what it is told and
 * what it answers.
 *
 * Each file knows those below it alone, by their headers:
 *
 *     main
 *     commands                  what the driver asks for
 *     flush                     offers of chunks, one or many
 *     loaded, chunk             bytes to offer
 *     plugin                    the library, its instances and their workers
 *     metrics                   what stands in for Fluent Bit's
 *     lend                      bytes in the plugin's hands
 *     queue                     threads that run tasks
 *     input, answer, settings   the driver's bytes, the host's lines, the command line
 *     log                       what a plugin may say in Fluent Bit's own log
 *     platform                  the system: posix.c or windows.c
 *     base, die                 memory, and the end where there is none
 */
#include "answer.h"
#include "base.h"
#include "commands.h"
#include "metrics.h"
#include "platform.h"
#include "plugin.h"
#include "queue.h"
#include "settings.h"

int main(int argc, char **argv)
{
    char error[MAX_TEXT], name[2 * MAX_TEXT + 1], description[2 * MAX_TEXT + 1];
    const struct definition *definition;
    static int64_t started; /* outlives main: the commands are still read while the process ends */
    FILE *answers;

    settings_read(argc, argv);
    answers = platform_take_pipes(settings.log, error, sizeof error);
    if (answers == NULL) {
        give_up("%s", error);
    }
    answer_on(answers);
    started = platform_now();
    main_queue = queue_new();

    definition = metrics_load(error, sizeof error) ? plugin_load(error, sizeof error) : NULL;
    if (definition == NULL) {
        answer_failed(0, error);
        return 1;
    }
    if (settings.daemon) {
        platform_become_daemon();
    }
    answer(0, "registered %d %d %d %d %s %s", definition->type, definition->proxy, definition->flags,
           definition->event_type, answer_word(definition->name, name), answer_word(definition->description, description));

    thread_start(read_commands, &started);
    queue_serve(main_queue);
    plugin_exit();
    answer_exit();
    return 0;
}
