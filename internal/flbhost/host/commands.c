/*
 * Commands are read by a thread of their own, so that stats and new chunks do not wait for a flush.
 *
 * A command is a line of words, the first a number that its answer begins with, and the bytes that it announces:
 *
 *     0 registered TYPE PROXY FLAGS EVENT_TYPE NAME DESCRIPTION    the first line, unasked
 *     N init SIZE                      SIZE bytes of key\0value\0   -> N inited CODE
 *     N offer INSTANCE TAGSIZE SIZE    tag, chunk                   -> N flushed CODE OFFERS IN_FLUSH ELAPSED
 *     N load TAGSIZE SIZE              tag, chunk                   -> N loaded
 *     N unload CHUNK                   a load's number              -> N unloaded
 *     N flush INSTANCE CHUNK                                        -> N flushed ...
 *     N repeat INSTANCE PASSES SIZE    chunks' numbers, in blanks   -> N repeated OK RETRY ERROR NOT_OFFERED OFFERS
 *                                                                      IN_FLUSH WALL CPU
 *     N stats                                                       -> N stats CPU WALL RESIDENT PEAK THREADS
 *     N exit                           the end, after -> N exited
 *
 * Times are microseconds, sizes bytes, texts hexadecimal ("-" is the empty one). Where a command cannot be done the
 * answer is N failed TEXT. When the commands end without exit, so does the process: its driver is gone.
 */
#include <stdlib.h>
#include <string.h>

#include "host.h"

static char input[1 << 16];
static int input_at, input_end;

static void fill(void)
{
    input_at = 0;
    input_end = platform_read(input, (int) sizeof input);
    if (input_end <= 0) {
        give_up("the commands ended without exit");
    }
}

static void read_line(char *line, size_t size)
{
    size_t used = 0;
    char c;

    for (;;) {
        if (input_at == input_end) {
            fill();
        }
        c = input[input_at++];
        if (c == '\n') {
            break;
        }
        if (used == size - 1) {
            give_up("a command is longer than %lu bytes", (unsigned long) size);
        }
        line[used++] = c;
    }
    line[used] = '\0';
}

/* Memory of the caller's with size bytes of the input and a NUL. */
static char *read_bytes(unsigned long size)
{
    char *bytes = allocate(size + 1);
    unsigned long used = 0;

    while (used < size) {
        unsigned long some;

        if (input_at == input_end) {
            fill();
        }
        some = (unsigned long) (input_end - input_at);
        if (some > size - used) {
            some = size - used;
        }
        memcpy(bytes + used, input + input_at, some);
        input_at += (int) some;
        used += some;
    }
    bytes[size] = '\0';
    return bytes;
}

/* What main does on its own thread: initialise instances, and end. */
struct order {
    struct task task; /* first: a task that runs is the order it is in */
    unsigned long number;
    char *options;
    size_t size;
};

/* Set by run_exit and read by main, on the same thread. */
unsigned long exit_number;

static void run_init(struct task *task, struct coroutine *coroutine)
{
    struct order *order = (struct order *) task;

    (void) coroutine;
    answer(order->number, "inited %d", instance_init(order->options, order->size));
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

/* Loaded chunks, by the number of their load. Used by the commands' thread alone. */
struct loaded {
    unsigned long number;
    struct chunk *chunk;
    struct loaded *next;
};
static struct loaded *all_loaded;

static struct loaded **find_loaded(unsigned long number)
{
    struct loaded **at = &all_loaded;

    while (*at != NULL && (*at)->number != number) {
        at = &(*at)->next;
    }
    return at;
}

static void do_load(unsigned long number, struct chunk *chunk)
{
    struct loaded *loaded = allocate(sizeof *loaded);

    loaded->number = number;
    loaded->chunk = chunk;
    loaded->next = all_loaded;
    all_loaded = loaded;
    answer(number, "loaded");
}

static void do_unload(unsigned long number, unsigned long chunk)
{
    struct loaded **at = find_loaded(chunk);
    struct loaded *loaded = *at;

    if (loaded == NULL) {
        answer_failed(number, "no such chunk");
        return;
    }
    *at = loaded->next;
    chunk_release(loaded->chunk);
    free(loaded);
    answer(number, "unloaded");
}

/* The chunks that a list of numbers names, in memory of the caller's; NULL if one is not loaded. */
static struct chunk **find_chunks(const char *list, size_t *count)
{
    struct chunk **chunks = allocate((strlen(list) / 2 + 1) * sizeof *chunks);
    char *end;

    for (*count = 0;; list = end) {
        unsigned long number = strtoul(list, &end, 10);
        struct loaded *loaded;

        if (end == list) {
            return chunks;
        }
        loaded = *find_loaded(number);
        if (loaded == NULL) {
            free(chunks);
            return NULL;
        }
        chunks[(*count)++] = loaded->chunk;
    }
}

static void do_repeat(unsigned long number, struct instance *instance, unsigned long passes, unsigned long size)
{
    char *list = read_bytes(size);
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

static void do_flush(unsigned long number, struct instance *instance, unsigned long chunk)
{
    char list[32];
    size_t count;
    struct chunk **chunks;

    snprintf(list, sizeof list, "%lu", chunk);
    chunks = find_chunks(list, &count);
    if (instance == NULL || chunks == NULL) {
        answer_failed(number, instance == NULL ? "no such instance" : "no such chunk");
    }
    else {
        flush_start(number, instance, chunk_share(chunks[0]));
    }
    free(chunks);
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

static void do_stats(unsigned long number)
{
    struct usage usage = platform_usage();

    answer(number, "stats %lld %lld %lld %lld %lld", (long long) platform_cpu(),
           (long long) (platform_now() - started), (long long) usage.resident, (long long) usage.peak,
           (long long) usage.threads);
}

static struct chunk *read_chunk(unsigned long tag_size, unsigned long size)
{
    char *tag = read_bytes(tag_size);

    return chunk_new(tag, read_bytes(size), size);
}

void read_commands(void *unused)
{
    char line[256], verb[16];
    unsigned long number, a, b, c;
    int words;

    (void) unused;
    for (;;) {
        a = b = c = 0;
        read_line(line, sizeof line);
        words = sscanf(line, "%lu %15s %lu %lu %lu", &number, verb, &a, &b, &c);
        if (words < 2) {
            give_up("\"%s\" is no command", line);
        }
        else if (words == 3 && strcmp(verb, "init") == 0) {
            push_order(number, run_init, platform_now(), read_bytes(a), a);
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
        else if (words == 2 && strcmp(verb, "stats") == 0) {
            do_stats(number);
        }
        else if (words == 2 && strcmp(verb, "exit") == 0) {
            push_order(number, run_exit, 0, NULL, 0); /* before what waits: that is answered unoffered */
        }
        else {
            give_up("\"%s\" is no command", line);
        }
    }
}
