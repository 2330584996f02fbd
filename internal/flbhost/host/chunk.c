#include <stdlib.h>

#include "base.h"
#include "chunk.h"
#include "platform.h"

struct chunk *chunk_new(char *tag, char *data, size_t size)
{
    struct chunk *chunk = allocate(sizeof *chunk);

    chunk->tag = tag;
    chunk->data = data;
    chunk->size = size;
    chunk->references = 1;
    return chunk;
}

struct chunk *chunk_share(struct chunk *chunk)
{
    platform_lock();
    chunk->references++;
    platform_unlock();
    return chunk;
}

void chunk_release(struct chunk *chunk)
{
    long left;

    platform_lock();
    left = --chunk->references;
    platform_unlock();
    if (left == 0) {
        free(chunk->tag);
        free(chunk->data);
        free(chunk);
    }
}
