/*
 * The entry points that Fluent Bit calls before Go runs, and behind a fork, on their way to Go.
 *
 * Go's runtime and its packages start on a thread of their own while the library is loaded. What the library is, is
 * said without them, so that Fluent Bit goes on meanwhile; the first instance waits for what is left.
 *
 * With Daemon On, Fluent Bit forks between FLBPluginRegister and FLBPluginInit, and goes on in the child. A fork takes
 * along the one thread that called it, and none of those that Go's runtime has started: whatever waits for one of
 * these waits for ever. So the start is refused, here, where nothing needs Go; and Go is not called any more.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* RTLD_DEFAULT */
#endif
#include "_cgo_export.h"

#include <stdlib.h>
#include <string.h>

#ifdef _WIN32

#define ENTRY __declspec(dllexport)

static int forked(void) { return 0; }
static void say_why(void) {}

#else

#include <dlfcn.h>
#include <syslog.h>
#include <unistd.h>

#define ENTRY

static pid_t loaded_by;

__attribute__((constructor)) static void remember_process(void) { loaded_by = getpid(); }

static int forked(void) { return getpid() != loaded_by; }

/*
 * Standard output and error are closed by now, and their numbers may have gone to other files. So the reason goes
 * where Fluent Bit's own log goes, by the function that its executable exports; and, for there may be no such log, to
 * the system's.
 */
static void say_why(void)
{
    static const char why[] = "[kinesis] cannot start: with Daemon On (-d), Fluent Bit forks after it has loaded this "
                              "plugin, and leaves the plugin's threads behind. Set Daemon Off and have a service "
                              "manager keep Fluent Bit in the background.";
    enum { FLB_LOG_ERROR = 1 };
    void (*flb_log_print)(int type, const char *file, int line, const char *format, ...) = NULL;
    void *found = dlsym(RTLD_DEFAULT, "flb_log_print");

    memcpy(&flb_log_print, &found, sizeof found);
    if (flb_log_print != NULL) {
        flb_log_print(FLB_LOG_ERROR, NULL, 0, "%s", why);
    }
    syslog(LOG_DAEMON | LOG_ERR, "%s", why);
}

#endif

/* As Fluent Bit has it: struct flb_plugin_proxy_def in flb_plugin_proxy.h. */
struct definition {
    int type;
    int proxy;
    int flags;
    char *name;
    char *description;
};
enum { OUTPUT_PLUGIN = 2, GO_PROXY = 11 };

/* FLBPluginRegister, less FLBPluginUnregister: a reload has a second one for a while. Changed by atomic operations. */
static int registered;

/* A copy of a text: FLBPluginUnregister frees it. */
static char *copy(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copied = malloc(size);

    return copied == NULL ? NULL : memcpy(copied, text, size);
}

ENTRY int FLBPluginRegister(void *plugin)
{
    struct definition *definition = plugin;

    definition->type = OUTPUT_PLUGIN;
    definition->proxy = GO_PROXY;
    definition->flags = 0;
    definition->name = copy("kinesis");
    definition->description = copy("Amazon Kinesis Data Streams Fluent Bit Plugin.");
    __atomic_add_fetch(&registered, 1, __ATOMIC_SEQ_CST);
    return 0;
}

ENTRY int FLBPluginInit(void *plugin)
{
    if (!forked()) {
        return kinesisInit(plugin);
    }
    say_why();
    return 0; /* FLB_ERROR */
}

ENTRY int FLBPluginExitCtx(void *context) { return forked() ? 1 : kinesisExitCtx(context); } /* FLB_OK */

ENTRY int FLBPluginExit(void) { return forked() ? 1 : kinesisExit(); }

ENTRY void FLBPluginUnregister(void *definition)
{
    int left = __atomic_sub_fetch(&registered, 1, __ATOMIC_SEQ_CST);

    if (!forked()) {
        kinesisUnregister(definition, left);
    }
}
