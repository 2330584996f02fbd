/*
 * What the host needs of a system beyond C99. posix.c and windows.c hold one answer each; nothing else in this
 * folder but die.c knows which system it runs on.
 */
#ifndef FLBHOST_PLATFORM_H
#define FLBHOST_PLATFORM_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Takes the commands' and the answers' pipes away from file descriptors 0 and 1, before the library is loaded:
 * standard input becomes empty, standard output the file log, which is created or emptied. Returns the stream to
 * answer on, or NULL with a message in error.
 */
FILE *platform_take_pipes(const char *log, char *error, size_t size);

/*
 * Forks as Fluent Bit does with Daemon On: goes on in the child, without standard output and error. The parent stays,
 * with the threads that the library has started, and ends as the child does; if it is killed, so is the child.
 */
void platform_become_daemon(void);

/* Reads up to size bytes of the commands. 0 or less: there are no more. Holds no lock that exit() would wait for. */
int platform_read(void *buffer, int size);

/*
 * The library at path, or the program itself for NULL. Never closed: a Go runtime cannot be unloaded. Where there is
 * none: NULL, with a message in error.
 */
void *platform_open_library(const char *path, char *error, size_t size);
void *platform_symbol(void *library, const char *name);

/* The library at path, whose functions whoever is loaded later finds as if they were the program's. Not on Windows. */
void *platform_share_library(const char *path, char *error, size_t size);

/* One lock guards everything that threads of the host share. It is never held while the plugin runs. */
void platform_lock(void);
void platform_unlock(void);

/* A condition under that lock. condition_wait returns when signalled, at the time until, or for no reason. */
struct condition;
#define FOREVER INT64_MAX
struct condition *condition_new(void);
void condition_wait(struct condition *condition, int64_t until);
void condition_signal(struct condition *condition);

struct thread;
struct thread *thread_start(void (*run)(void *), void *argument);
void thread_join(struct thread *thread);

/*
 * A coroutine's stack, for the thread that makes it. coroutine_call runs a function on it and returns when that has
 * returned.
 */
struct coroutine;
struct coroutine *coroutine_new(size_t stack_size);
void coroutine_call(struct coroutine *coroutine, void (*run)(void *), void *argument);

/*
 * Whole pages with a page behind them that cannot be read. pages_retire gives their memory back and makes every later
 * touch a fault; pages_free gives their addresses back too.
 */
size_t page_size(void);
void *pages_new(size_t size);
void pages_retire(void *pages, size_t size);
void pages_free(void *pages, size_t size);

/* Times in microseconds: a clock that never goes back, and the user and system time of the process. */
int64_t platform_now(void);
int64_t platform_cpu(void);

/* What the process has in memory, now and at most, in bytes, and its number of threads. -1: not known. */
struct usage {
    int64_t resident;
    int64_t peak;
    int64_t threads;
};
struct usage platform_usage(void);

#endif
