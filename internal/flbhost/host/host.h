/*
 * The parts of the host: the plugin's library and its instances (plugin.c), bytes lent to the plugin (lend.c), chunks
 * and the tasks that offer them (flush.c), the threads that run tasks (queue.c), commands (commands.c), answers and the
 * main thread (main.c).
 */
#ifndef FLBHOST_HOST_H
#define FLBHOST_HOST_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "platform.h"

/* What a flush answers. NOT_OFFERED is the host's own word for a chunk that it never handed over. */
enum { FLB_ERROR = 0, FLB_OK = 1, FLB_RETRY = 2, NOT_OFFERED = -1 };

/* The command line; the same for all instances. Set before any thread starts, read-only from then on. */
struct settings {
    const char *library;
    const char *log;
    int workers;         /* threads per instance; 0: the main thread flushes */
    int retry_limit;     /* offers after the first; -1: without limit */
    int64_t backoff;     /* microseconds before a chunk is offered again */
    int no_context;      /* call FLBPluginFlush and FLBPluginExit */
    int share;           /* hand the host's own bytes to flush, not a copy */
    int64_t stack_size;  /* bytes of a coroutine's stack; negative: the thread's own stack */
};
extern struct settings settings;

/* platform_now() when the host began. */
extern int64_t started;

/* ---- queue.c ---- */

/* Something to do at its time, on the thread of the queue it is put into. Embedded in what it is about. */
struct task {
    void (*run)(struct task *task, struct coroutine *coroutine);
    int64_t due;       /* platform_now() from which on it may run */
    struct task *next; /* guarded by the lock */
};

/* Tasks in the order of their due times, for one thread. */
struct queue {
    struct task *first, *last; /* guarded by the lock */
    struct condition *changed;
};

struct queue *queue_new(void);

/* Puts a task in. Once the host is stopping it refuses with 0, and the task is the caller's to finish. */
int queue_push(struct queue *queue, struct task *task);

/* Runs tasks on the calling thread until the host is stopping and the queue is empty. */
void queue_serve(struct queue *queue);

/* Stopping: tasks are no longer waited for but handed out at once, to be finished without calling the plugin. */
void host_stop(void);
int host_stopping(void);
void queue_wake(struct queue *queue);

/* ---- plugin.c ---- */

/* What FLBPluginRegister fills in, laid out as struct flb_plugin_proxy_def of Fluent Bit. */
struct definition {
    int type;
    int proxy;
    int flags;
    char *name;
    char *description;
    int event_type;
    void *config_map;
};
enum { OUTPUT_PLUGIN = 2, GO_PROXY = 11 };

/* Loads and registers the library. Returns its definition, or NULL with a message in error. */
const struct definition *plugin_load(char *error, size_t size);

/* One [OUTPUT] section. Its fields are set by instance_new and read-only from then on. */
struct instance;

/*
 * Makes the next instance, of options "key\0value\0..." (a copy is not taken). Returns what FLBPluginInit answered;
 * only where that is more than 0 there is an instance, and its workers run.
 */
int instance_init(char *options, size_t size);

/* The instance of a number, or NULL. */
struct instance *instance_get(unsigned long number);

/* The queue of the worker whose turn it is, or the main thread's. */
struct queue *instance_queue(struct instance *instance);

/* Calls flush once on the calling thread. */
int instance_flush(struct instance *instance, const char *tag, const char *data, size_t size,
                   struct coroutine *coroutine);

/* Waits for the workers of all instances, exits the instances in order, and unregisters the plugin. */
void plugin_wake_workers(void);
void plugin_exit(void);

/* The main thread's queue: initialisation, the end, and flushes where there are no workers. */
extern struct queue *main_queue;

/* ---- lend.c ---- */

/* A tag and a chunk in memory that is the borrower's until lend_end: then every touch of it faults. */
struct loan {
    char *tag;
    char *data;
    char *pages;
    size_t size;
};
struct loan lend(const char *tag, const char *data, size_t size);
void lend_end(struct loan loan);

/* ---- flush.c ---- */

/* A tag and bytes, shared by the jobs that offer them. */
struct chunk;
struct chunk *chunk_new(char *tag, char *data, size_t size); /* takes both over; one reference */
struct chunk *chunk_share(struct chunk *chunk); /* one more reference; returns the chunk */
void chunk_release(struct chunk *chunk);

/* Queues one chunk; it is answered by number when it is done. Takes over the caller's reference. */
void flush_start(unsigned long number, struct instance *instance, struct chunk *chunk);

/* Queues count chunks in turn, passes times over, answered once with their totals. */
void repeat_start(unsigned long number, struct instance *instance, unsigned long passes, struct chunk **chunks,
                  size_t count);

/* ---- commands.c ---- */

/* A thread's body that never returns: after exit it waits for the process, or its driver, to end. */
void read_commands(void *unused);

/* The command that ended the main thread's queue. Of the main thread. */
extern unsigned long exit_number;

/* ---- main.c ---- */

/* Writes one line of answer. The first field is the number of the command that it answers. */
void answer(unsigned long number, const char *format, ...);
void answer_failed(unsigned long number, const char *text);

/* Memory that is there, or the end of the process. */
void *allocate(size_t size);

/* Ends the process: the host itself cannot go on. */
void give_up(const char *format, ...);

#endif
