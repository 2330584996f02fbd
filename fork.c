/*
 * The entry points that Fluent Bit calls behind a fork, on their way to Go.
 *
 * With Daemon On, Fluent Bit forks between FLBPluginRegister and FLBPluginInit, and goes on in the child. A fork takes
 * along the one thread that called it, and none of those that Go's runtime has started: whatever waits for one of
 * these waits for ever. So the start is refused, here, where nothing needs Go; and Go is not called any more.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* RTLD_DEFAULT */
#endif
#include "_cgo_export.h"

#ifdef _WIN32

#define ENTRY __declspec(dllexport)

static int forked(void) { return 0; }
static void say_why(void) {}

#else

#include <dlfcn.h>
#include <string.h>
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
    if (!forked()) {
        kinesisUnregister(definition);
    }
}
