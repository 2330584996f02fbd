#ifndef FLBHOST_DIE_H
#define FLBHOST_DIE_H

/* Ends the process at once, without exit handlers. */
void die(int status);

#endif
