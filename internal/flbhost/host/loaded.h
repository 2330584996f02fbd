#ifndef FLBHOST_LOADED_H
#define FLBHOST_LOADED_H

#include "chunk.h"

/* Chunks by the number of the command that loaded them. loaded_add takes over the caller's reference. */
void loaded_add(unsigned long number, struct chunk *chunk);

/* The chunk of a number, or NULL. loaded_get lends it, loaded_take hands its reference over. */
struct chunk *loaded_get(unsigned long number);
struct chunk *loaded_take(unsigned long number);

#endif
