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
 *     N metrics SIZE                   the path of a file           -> N written
 *     N stats                                                       -> N stats CPU WALL RESIDENT PEAK THREADS
 *                                                                        LOADING FIRST BARE
 *     N reload                         no flush is under way        -> N reloaded
 *     N exit                           the end, after -> N exited
 *
 * Times are microseconds, sizes bytes, texts hexadecimal ("-" is the empty one). Where a command cannot be done the
 * answer is N failed TEXT. When the commands end without exit, so does the process: its driver is gone.
 */
#ifndef FLBHOST_COMMANDS_H
#define FLBHOST_COMMANDS_H

/*
 * A thread's body that never returns: after exit it waits for the process, or its driver, to end. started is an
 * int64_t: platform_now() when the host began.
 */
void read_commands(void *started);

/* Answers the exit that ended the main thread's queue. For the main thread, once all else is done. */
void answer_exit(void);

#endif
