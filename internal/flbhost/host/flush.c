#include <stdlib.h>

#include "answer.h"
#include "base.h"
#include "flush.h"
#include "settings.h"

/* The totals of a repeat. Guarded by the lock. */
struct batch {
    unsigned long number;
    unsigned long left;
    unsigned long ok, retry, error, not_offered, offers;
    int64_t in_flush;
    int64_t started, started_cpu;
};

/* One chunk on its way. Owned by the queue that it is in, or the thread that runs it. */
struct flush {
    struct task task; /* first: a task that runs is the flush it is in */
    unsigned long number;
    struct instance *instance;
    struct chunk *chunk;
    struct batch *batch; /* NULL: answered by itself */
    int code;
    unsigned long offers;
    int64_t in_flush;
    int64_t started, ended;
};

/* Counts a flush into its batch. Returns the batch if it was the last of it. */
static struct batch *count(const struct flush *flush)
{
    struct batch *batch = flush->batch;
    unsigned long left;

    platform_lock();
    *(flush->code == FLB_OK        ? &batch->ok
      : flush->code == FLB_RETRY   ? &batch->retry
      : flush->code == NOT_OFFERED ? &batch->not_offered
                                   : &batch->error) += 1;
    batch->offers += flush->offers;
    batch->in_flush += flush->in_flush;
    left = --batch->left;
    platform_unlock();
    return left == 0 ? batch : NULL;
}

static void answer_batch(struct batch *batch)
{
    answer(batch->number, "repeated %lu %lu %lu %lu %lu %lld %lld %lld", batch->ok, batch->retry, batch->error,
           batch->not_offered, batch->offers, (long long) batch->in_flush,
           (long long) (platform_now() - batch->started), (long long) (platform_cpu() - batch->started_cpu));
    free(batch);
}

static void finish(struct flush *flush)
{
    if (flush->batch == NULL) {
        answer(flush->number, "flushed %d %lu %lld %lld", flush->code, flush->offers, (long long) flush->in_flush,
               (long long) (flush->ended - flush->started));
    }
    else {
        struct batch *batch = count(flush);

        if (batch != NULL) {
            answer_batch(batch);
        }
    }
    chunk_release(flush->chunk);
    free(flush);
}

static void schedule(struct flush *flush, int64_t due)
{
    flush->task.due = due;
    if (!queue_push(instance_queue(flush->instance), &flush->task)) {
        finish(flush);
    }
}

static void run(struct task *task, struct coroutine *coroutine)
{
    struct flush *flush = (struct flush *) task;
    struct chunk *chunk = flush->chunk;
    int64_t begin;

    if (host_stopping()) {
        finish(flush);
        return;
    }
    begin = platform_now();
    if (flush->offers == 0) {
        flush->started = begin;
    }
    flush->code = instance_flush(flush->instance, chunk->tag, chunk->data, chunk->size, coroutine);
    flush->ended = platform_now();
    flush->in_flush += flush->ended - begin;
    flush->offers++;

    if (flush->code == FLB_RETRY &&
        (settings.retry_limit < 0 || flush->offers <= (unsigned long) settings.retry_limit)) {
        schedule(flush, flush->ended + settings.backoff);
        return;
    }
    finish(flush);
}

static void start(unsigned long number, struct instance *instance, struct chunk *chunk, struct batch *batch)
{
    struct flush *flush = allocate(sizeof *flush);

    flush->task.run = run;
    flush->number = number;
    flush->instance = instance;
    flush->chunk = chunk;
    flush->batch = batch;
    flush->code = NOT_OFFERED;
    flush->offers = 0;
    flush->in_flush = flush->started = flush->ended = 0;
    schedule(flush, platform_now());
}

void flush_start(unsigned long number, struct instance *instance, struct chunk *chunk)
{
    start(number, instance, chunk, NULL);
}

void repeat_start(unsigned long number, struct instance *instance, unsigned long passes, struct chunk **chunks,
                  size_t count)
{
    struct batch *batch = allocate(sizeof *batch);
    unsigned long pass;
    size_t i;

    batch->number = number;
    batch->left = passes * count;
    batch->ok = batch->retry = batch->error = batch->not_offered = batch->offers = 0;
    batch->in_flush = 0;
    batch->started = platform_now();
    batch->started_cpu = platform_cpu();
    if (batch->left == 0) {
        answer_batch(batch);
        return;
    }
    for (pass = 0; pass < passes; pass++) {
        for (i = 0; i < count; i++) {
            start(number, instance, chunk_share(chunks[i]), batch);
        }
    }
}
