/* Fluent Bit's part in delivering chunks: offer, wait, offer again, and say what became of it. */
#ifndef FLBHOST_FLUSH_H
#define FLBHOST_FLUSH_H

#include <stddef.h>

#include "chunk.h"
#include "plugin.h"

/* What a flush answers. NOT_OFFERED is the host's own word for a chunk that it never handed over. */
enum { FLB_ERROR = 0, FLB_OK = 1, FLB_RETRY = 2, NOT_OFFERED = -1 };

/* Queues one chunk; it is answered by number when it is done. Takes over the caller's reference. */
void flush_start(unsigned long number, struct instance *instance, struct chunk *chunk);

/* Queues count chunks in turn, passes times over, answered once with their totals. */
void repeat_start(unsigned long number, struct instance *instance, unsigned long passes, struct chunk **chunks,
                  size_t count);

#endif
