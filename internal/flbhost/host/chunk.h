#ifndef FLBHOST_CHUNK_H
#define FLBHOST_CHUNK_H

#include <stddef.h>

/* A tag and bytes, shared by the flushes that offer them. Read-only but for its references. */
struct chunk {
    char *tag;
    char *data;
    size_t size;
    long references; /* guarded by the lock */
};
struct chunk *chunk_new(char *tag, char *data, size_t size); /* takes both over; one reference */
struct chunk *chunk_share(struct chunk *chunk);              /* one more reference; returns the chunk */
void chunk_release(struct chunk *chunk);

#endif
