/*
 * The entry points that Fluent Bit calls with a chunk, on their way to Go.
 *
 * A call that waits inside Go for its answer has a goroutine bound to its thread. Whenever that one waits or goes on,
 * the runtime switches threads to do so, which takes longer than it takes to encode a chunk of a few lines. So on Linux
 * the thread leaves its chunk for a goroutine that is bound to no thread, and waits here. One write to a descriptor
 * wakes Go up for all chunks that are left until it has had a look.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* gettid */
#endif
#include "_cgo_export.h"

#ifdef _WIN32
#define ENTRY __declspec(dllexport)
#else
#define ENTRY
#endif

#ifndef __linux__

ENTRY int FLBPluginFlushCtx(void *context, void *data, int size, char *tag)
{
    return kinesisFlushCtx(context, data, size, tag);
}

ENTRY int FLBPluginFlush(void *data, int size, char *tag) { return kinesisFlush(data, size, tag); }

#else

#include "offers.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <unistd.h>

/* An offer, with what its thread waits for. */
struct waiting {
    struct kinesis_offer offer; /* the first member: the one is found by the other */
    sem_t answered;
    int code;
};

static struct {
    pthread_mutex_t mutex; /* guards the following */
    int wake;              /* -1 where nobody takes offers */
    struct kinesis_offer *first, **last;
} left = {PTHREAD_MUTEX_INITIALIZER, -1, NULL, &left.first};

void kinesis_offers_open(int wake)
{
    pthread_mutex_lock(&left.mutex);
    left.wake = wake;
    pthread_mutex_unlock(&left.mutex);
}

void kinesis_offers_close(void) { kinesis_offers_open(-1); }

/* Says whether there is somebody to take the offer. */
static int leave(struct kinesis_offer *offer)
{
    static const uint64_t one = 1;
    int wake, only;

    pthread_mutex_lock(&left.mutex);
    wake = left.wake;
    if (wake < 0) {
        pthread_mutex_unlock(&left.mutex);
        return 0;
    }
    only = left.first == NULL;
    *left.last = offer;
    left.last = &offer->next;
    if (only) { /* with the mutex, so that the descriptor is still there */
        while (write(wake, &one, sizeof one) < 0 && errno == EINTR) {
        }
    }
    pthread_mutex_unlock(&left.mutex);
    return 1;
}

struct kinesis_offer *kinesis_offers_take(void)
{
    struct kinesis_offer *all;

    pthread_mutex_lock(&left.mutex);
    all = left.first;
    left.first = NULL;
    left.last = &left.first;
    pthread_mutex_unlock(&left.mutex);
    return all;
}

void kinesis_offer_answer(struct kinesis_offer *offer, int code)
{
    struct waiting *waiting = (struct waiting *) offer;

    waiting->code = code;
    sem_post(&waiting->answered);
}

static int answered(struct waiting *waiting, int *code)
{
    waiting->offer.thread = gettid();
    waiting->offer.next = NULL;
    sem_init(&waiting->answered, 0, 0);
    if (!leave(&waiting->offer)) {
        return 0;
    }
    while (sem_wait(&waiting->answered) < 0) { /* a signal handler has run */
    }
    *code = waiting->code;
    return 1;
}

int FLBPluginFlushCtx(void *context, void *data, int size, char *tag)
{
    struct waiting waiting = {.offer = {.context = context, .data = data, .size = size, .tag = tag}};
    int code;

    return answered(&waiting, &code) ? code : kinesisFlushCtx(context, data, size, tag);
}

int FLBPluginFlush(void *data, int size, char *tag)
{
    struct waiting waiting = {.offer = {.alone = 1, .data = data, .size = size, .tag = tag}};
    int code;

    return answered(&waiting, &code) ? code : kinesisFlush(data, size, tag);
}

#endif
