#include "base.h"
#include "queue.h"
#include "settings.h"

static int stopping; /* guarded by the lock */

struct queue *queue_new(void)
{
    struct queue *queue = allocate(sizeof *queue);

    queue->first = queue->last = NULL;
    queue->changed = condition_new();
    return queue;
}

int queue_push(struct queue *queue, struct task *task)
{
    struct task **at;

    platform_lock();
    if (stopping) {
        platform_unlock();
        return 0;
    }
    if (queue->last != NULL && queue->last->due <= task->due) {
        at = &queue->last->next; /* nearly always: tasks come in the order of their times */
    }
    else {
        for (at = &queue->first; *at != NULL && (*at)->due <= task->due; at = &(*at)->next) {
        }
    }
    task->next = *at;
    *at = task;
    if (task->next == NULL) {
        queue->last = task;
    }
    condition_signal(queue->changed);
    platform_unlock();
    return 1;
}

/* The next task, when its time has come or the host is stopping. NULL: stopping, and there is none. */
static struct task *take(struct queue *queue)
{
    struct task *task;

    platform_lock();
    for (;;) {
        task = queue->first;
        if (stopping || (task != NULL && task->due <= platform_now())) {
            break;
        }
        condition_wait(queue->changed, task == NULL ? FOREVER : task->due);
    }
    if (task != NULL) {
        queue->first = task->next;
        if (queue->first == NULL) {
            queue->last = NULL;
        }
    }
    platform_unlock();
    return task;
}

void queue_serve(struct queue *queue)
{
    struct coroutine *coroutine = NULL;
    struct task *task;

    if (settings.stack_size >= 0) {
        coroutine = coroutine_new((size_t) settings.stack_size);
    }
    while ((task = take(queue)) != NULL) {
        task->run(task, coroutine);
    }
}

void host_stop(void)
{
    platform_lock();
    stopping = 1;
    platform_unlock();
}

int host_stopping(void)
{
    int now;

    platform_lock();
    now = stopping;
    platform_unlock();
    return now;
}

void queue_wake(struct queue *queue)
{
    platform_lock();
    condition_signal(queue->changed);
    platform_unlock();
}
