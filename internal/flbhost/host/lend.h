#ifndef FLBHOST_LEND_H
#define FLBHOST_LEND_H

#include <stddef.h>

/* A tag and a chunk in memory that is the borrower's until lend_end: then every touch of it faults. */
struct loan {
    char *tag;
    char *data;
    char *pages;
    size_t size;
};
struct loan lend(const char *tag, const char *data, size_t size);
void lend_end(struct loan loan);

#endif
