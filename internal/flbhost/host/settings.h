#ifndef FLBHOST_SETTINGS_H
#define FLBHOST_SETTINGS_H

#include <stdint.h>

/* The command line; the same for all instances. Set before any thread starts, read-only from then on. */
struct settings {
    const char *library;
    const char *log;
    const char *metrics; /* a library that stands in for Fluent Bit's metrics; NULL for none */
    int workers;         /* threads per instance; 0: the main thread flushes */
    int retry_limit;     /* offers after the first; -1: without limit */
    int64_t backoff;     /* microseconds before a chunk is offered again */
    int no_context;      /* call FLBPluginFlush and FLBPluginExit */
    int last_context;    /* FLBPluginExitCtx gets the context of the last instance, whichever is meant */
    int no_exit;         /* neither FLBPluginExitCtx nor FLBPluginExit, only FLBPluginUnregister */
    int daemon;          /* fork between FLBPluginRegister and FLBPluginInit */
    int share;           /* hand the host's own bytes to flush, not a copy */
    int64_t stack_size;  /* bytes of a coroutine's stack; negative: the thread's own stack */
};
extern struct settings settings;

/* Reads the command line. What it cannot read ends the process. */
void settings_read(int argc, char **argv);

#endif
