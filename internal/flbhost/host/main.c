/*
 * A host for one output plugin, driven over standard input and output. Build it with
 *
 *     cc -std=gnu99 -O2 -o flbhost *.c -ldl -lpthread              Linux
 *     x86_64-w64-mingw32-gcc -std=gnu99 -O2 -o flbhost.exe *.c     Windows
 *
 * and start it with arguments name=value: library=PATH log=FILE workers=N retry-limit=N backoff=MICROSECONDS
 * no-context=0|1 share=0|1 stack=BYTES. The plugin's standard output goes to the log, its standard error stays.
 * library=- is a plugin linked into this program. commands.c says what it is told and what it answers.
 */
#include <stdlib.h>
#include <string.h>

#include "host.h"

struct settings settings;

static FILE *answers;
int64_t started;

void answer(unsigned long number, const char *format, ...)
{
    char line[8192];
    int used = snprintf(line, sizeof line, "%lu ", number);
    int rest = (int) sizeof line - used - 1;
    int more;
    va_list arguments;

    va_start(arguments, format);
    more = vsnprintf(line + used, (size_t) rest, format, arguments);
    va_end(arguments);
    used += more < rest ? more : rest - 1;
    line[used++] = '\n';
    fwrite(line, 1, (size_t) used, answers); /* one call: lines of two threads do not mix */
    fflush(answers);
}

void *allocate(size_t size)
{
    void *memory = malloc(size > 0 ? size : 1);

    if (memory == NULL) {
        give_up("no memory for %lu bytes", (unsigned long) size);
    }
    return memory;
}

void give_up(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fputs("plugin host: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    fflush(stderr);
    platform_die(70);
}

enum { MAX_TEXT = 1500 };

/* A text as a word of an answer. */
static const char *hex(const char *text, char word[2 * MAX_TEXT + 1])
{
    static const char digits[] = "0123456789abcdef";
    size_t i;

    if (text == NULL || text[0] == '\0') {
        return "-";
    }
    for (i = 0; text[i] != '\0' && i < MAX_TEXT; i++) {
        word[2 * i] = digits[(unsigned char) text[i] >> 4];
        word[2 * i + 1] = digits[(unsigned char) text[i] & 15];
    }
    word[2 * i] = '\0';
    return word;
}

void answer_failed(unsigned long number, const char *text)
{
    char word[2 * MAX_TEXT + 1];

    answer(number, "failed %s", hex(text, word));
}

static const char *value_of(const char *argument, const char *name)
{
    size_t size = strlen(name);

    return strncmp(argument, name, size) == 0 && argument[size] == '=' ? argument + size + 1 : NULL;
}

static void read_argument(const char *argument)
{
    const char *value;

    if ((value = value_of(argument, "library")) != NULL) {
        settings.library = value;
    }
    else if ((value = value_of(argument, "log")) != NULL) {
        settings.log = value;
    }
    else if ((value = value_of(argument, "workers")) != NULL) {
        settings.workers = atoi(value);
    }
    else if ((value = value_of(argument, "retry-limit")) != NULL) {
        settings.retry_limit = atoi(value);
    }
    else if ((value = value_of(argument, "backoff")) != NULL) {
        settings.backoff = strtoll(value, NULL, 10);
    }
    else if ((value = value_of(argument, "no-context")) != NULL) {
        settings.no_context = atoi(value);
    }
    else if ((value = value_of(argument, "share")) != NULL) {
        settings.share = atoi(value);
    }
    else if ((value = value_of(argument, "stack")) != NULL) {
        settings.stack_size = strtoll(value, NULL, 10);
    }
    else {
        give_up("argument \"%s\": see the top of main.c for what there is", argument);
    }
}

int main(int argc, char **argv)
{
    char error[MAX_TEXT], name[2 * MAX_TEXT + 1], description[2 * MAX_TEXT + 1];
    const struct definition *definition;
    int i;

    for (i = 1; i < argc; i++) {
        read_argument(argv[i]);
    }
    if (settings.library == NULL || settings.log == NULL || settings.workers < 0) {
        give_up("library=PATH and log=FILE are needed, and workers=N is 0 or more");
    }
    answers = platform_take_pipes(settings.log, error, sizeof error);
    if (answers == NULL) {
        give_up("%s", error);
    }
    started = platform_now();
    main_queue = queue_new();

    definition = plugin_load(error, sizeof error);
    if (definition == NULL) {
        answer_failed(0, error);
        return 1;
    }
    answer(0, "registered %d %d %d %d %s %s", definition->type, definition->proxy, definition->flags,
           definition->event_type, hex(definition->name, name), hex(definition->description, description));

    thread_start(read_commands, NULL);
    queue_serve(main_queue);
    plugin_exit();
    answer(exit_number, "exited");
    return 0;
}
