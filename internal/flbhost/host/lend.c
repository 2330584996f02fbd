/*
 * Fluent Bit frees a chunk when its flush has returned. A plugin that reads it later, from a goroutine that outlives the
 * call, mostly gets away with it there and sometimes sends another chunk's bytes. Here it always faults: the copy has
 * pages of its own, and they are taken away. The chunk ends where its last page ends, so that reading on faults too.
 */
#include <string.h>

#include "base.h"
#include "lend.h"
#include "platform.h"

/*
 * Retired pages keep their addresses for a while, so that no new mapping lands where a late reader looks. They hold
 * no memory. 256 of 2 MB are half a gigabyte of addresses.
 */
enum { KEPT = 256 };
static struct loan kept[KEPT]; /* guarded by the lock */
static size_t next_kept;       /* guarded by the lock */

struct loan lend(const char *tag, const char *data, size_t size)
{
    size_t tag_size = strlen(tag) + 1;
    size_t page = page_size();
    struct loan loan;

    loan.size = (tag_size + size + page - 1) / page * page;
    loan.pages = pages_new(loan.size);
    if (loan.pages == NULL) {
        give_up("no memory for a chunk of %lu bytes", (unsigned long) size);
    }
    loan.tag = loan.pages;
    loan.data = loan.pages + loan.size - size;
    memcpy(loan.tag, tag, tag_size);
    memcpy(loan.data, data, size);
    return loan;
}

void lend_end(struct loan loan)
{
    struct loan oldest;

    pages_retire(loan.pages, loan.size);

    platform_lock();
    oldest = kept[next_kept];
    kept[next_kept] = loan;
    next_kept = (next_kept + 1) % KEPT;
    platform_unlock();

    if (oldest.pages != NULL) {
        pages_free(oldest.pages, oldest.size);
    }
}
