/* Threads that run tasks, each from a queue of its own, as each worker of Fluent Bit has its own event loop. */
#ifndef FLBHOST_QUEUE_H
#define FLBHOST_QUEUE_H

#include <stdint.h>

#include "platform.h"

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

#endif
