/*
 * Chunks in the host's memory, in the order of their numbers: a repeat names thousands of them, and each is found by
 * halving. Used by the commands' thread alone.
 */
#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "loaded.h"

struct loaded {
    unsigned long number;
    struct chunk *chunk;
};
static struct loaded *all;
static size_t count, room;

/* Where a number is, or would be. */
static size_t place(unsigned long number)
{
    size_t low = 0, high = count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (all[middle].number < number) {
            low = middle + 1;
        }
        else {
            high = middle;
        }
    }
    return low;
}

static int is_at(size_t at, unsigned long number)
{
    return at < count && all[at].number == number;
}

static void make_room(void)
{
    struct loaded *more;

    if (count < room) {
        return;
    }
    room = 2 * room + 64;
    more = allocate(room * sizeof *more);
    if (count > 0) {
        memcpy(more, all, count * sizeof *more);
    }
    free(all);
    all = more;
}

void loaded_add(unsigned long number, struct chunk *chunk)
{
    size_t at = place(number); /* nearly always the end: numbers ascend */

    make_room();
    memmove(all + at + 1, all + at, (count - at) * sizeof *all);
    all[at].number = number;
    all[at].chunk = chunk;
    count++;
}

struct chunk *loaded_get(unsigned long number)
{
    size_t at = place(number);

    return is_at(at, number) ? all[at].chunk : NULL;
}

struct chunk *loaded_take(unsigned long number)
{
    size_t at = place(number);
    struct chunk *chunk;

    if (!is_at(at, number)) {
        return NULL;
    }
    chunk = all[at].chunk;
    count--;
    memmove(all + at, all + at + 1, (count - at) * sizeof *all);
    return chunk;
}
