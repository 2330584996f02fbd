#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "base.h"
#include "commands.h"
#include "flush.h"
#include "input.h"
#include "loaded.h"
#include "metrics.h"
#include "plugin.h"

/* What main does on its own thread: initialise instances, reload, and end. */
struct order {
    struct task task; /* first: a task that runs is the order it is in */
    unsigned long number;
    char *options;
    size_t size;
};

static unsigned long exit_number; /* of the main thread */

static void run_init(struct task *task, struct coroutine *coroutine)
{
    struct order *order = (struct order *) task;

    (void) coroutine;
    answer(order->number, "inited %d", instance_init(order->options, order->size));
    free(order);
}

static void run_reload(struct task *task, struct coroutine *coroutine)
{
    struct order *order = (struct order *) task;

    (void) coroutine;
    plugin_reload();
    answer(order->number, "reloaded");
    free(order);
}

static void run_exit(struct task *task, struct coroutine *coroutine)
{
    struct order *order = (struct order *) task;

    (void) coroutine;
    exit_number = order->number;
    free(order);
    host_stop();
    plugin_wake_workers();
}

void answer_exit(void)
{
    answer(exit_number, "exited");
}

static void push_order(unsigned long number, void (*run)(struct task *, struct coroutine *), int64_t due,
                       char *options, size_t size)
{
    struct order *order = allocate(sizeof *order);

    order->task.run = run;
    order->task.due = due;
    order->number = number;
    order->options = options;
    order->size = size;
    if (!queue_push(main_queue, &order->task)) {
        answer_failed(number, "the host is exiting");
        free(order);
    }
}

static void do_load(unsigned long number, struct chunk *chunk)
{
    loaded_add(number, chunk);
    answer(number, "loaded");
}

static void do_unload(unsigned long number, unsigned long load)
{
    struct chunk *chunk = loaded_take(load);

    if (chunk == NULL) {
        answer_failed(number, "no such chunk");
        return;
    }
    chunk_release(chunk);
    answer(number, "unloaded");
}

/* The chunks that a list of numbers names, in memory of the caller's; NULL if one is not loaded. */
static struct chunk **find_chunks(const char *list, size_t *count)
{
    struct chunk **chunks = allocate((strlen(list) / 2 + 1) * sizeof *chunks);
    char *end;

    for (*count = 0;; list = end) {
        unsigned long number = strtoul(list, &end, 10);

        if (end == list) {
            return chunks;
        }
        chunks[*count] = loaded_get(number);
        if (chunks[(*count)++] == NULL) {
            free(chunks);
            return NULL;
        }
    }
}

static void do_repeat(unsigned long number, struct instance *instance, unsigned long passes, unsigned long size)
{
    char *list = input_bytes(size);
    size_t count;
    struct chunk **chunks = find_chunks(list, &count);

    free(list);
    if (instance == NULL || chunks == NULL) {
        answer_failed(number, instance == NULL ? "no such instance" : "no such chunk");
    }
    else {
        repeat_start(number, instance, passes, chunks, count);
    }
    free(chunks);
}

static void do_flush(unsigned long number, struct instance *instance, unsigned long load)
{
    struct chunk *chunk = loaded_get(load);

    if (instance == NULL || chunk == NULL) {
        answer_failed(number, instance == NULL ? "no such instance" : "no such chunk");
        return;
    }
    flush_start(number, instance, chunk_share(chunk));
}

static void do_offer(unsigned long number, struct instance *instance, struct chunk *chunk)
{
    if (instance == NULL) {
        chunk_release(chunk);
        answer_failed(number, "no such instance");
        return;
    }
    flush_start(number, instance, chunk);
}

static void do_stats(unsigned long number, int64_t started)
{
    struct usage usage = platform_usage();
    struct loading loading = plugin_loading();

    answer(number, "stats %lld %lld %lld %lld %lld %lld %lld %lld", (long long) platform_cpu(),
           (long long) (platform_now() - started), (long long) usage.resident, (long long) usage.peak,
           (long long) usage.threads, (long long) loading.took, (long long) loading.first,
           (long long) loading.resident);
}

static void do_metrics(unsigned long number, char *path)
{
    if (metrics_write(path)) {
        answer(number, "written");
    }
    else {
        answer_failed(number, "there are no metrics, or they cannot be written");
    }
    free(path);
}

static struct chunk *read_chunk(unsigned long tag_size, unsigned long size)
{
    char *tag = input_bytes(tag_size);

    return chunk_new(tag, input_bytes(size), size);
}

void read_commands(void *started)
{
    char line[256], verb[16];
    unsigned long number, a, b, c;
    int words;

    for (;;) {
        a = b = c = 0;
        input_line(line, sizeof line);
        words = sscanf(line, "%lu %15s %lu %lu %lu", &number, verb, &a, &b, &c);
        if (words < 2) {
            give_up("\"%s\" is no command", line);
        }
        else if (words == 3 && strcmp(verb, "init") == 0) {
            push_order(number, run_init, platform_now(), input_bytes(a), a);
        }
        else if (words == 5 && strcmp(verb, "offer") == 0) {
            do_offer(number, instance_get(a), read_chunk(b, c));
        }
        else if (words == 4 && strcmp(verb, "load") == 0) {
            do_load(number, read_chunk(a, b));
        }
        else if (words == 3 && strcmp(verb, "unload") == 0) {
            do_unload(number, a);
        }
        else if (words == 4 && strcmp(verb, "flush") == 0) {
            do_flush(number, instance_get(a), b);
        }
        else if (words == 5 && strcmp(verb, "repeat") == 0) {
            do_repeat(number, instance_get(a), b, c);
        }
        else if (words == 3 && strcmp(verb, "metrics") == 0) {
            do_metrics(number, input_bytes(a));
        }
        else if (words == 2 && strcmp(verb, "stats") == 0) {
            do_stats(number, *(int64_t *) started);
        }
        else if (words == 2 && strcmp(verb, "reload") == 0) {
            push_order(number, run_reload, platform_now(), NULL, 0);
        }
        else if (words == 2 && strcmp(verb, "exit") == 0) {
            push_order(number, run_exit, 0, NULL, 0); /* before what waits: that is answered unoffered */
        }
        else {
            give_up("\"%s\" is no command", line);
        }
    }
}
