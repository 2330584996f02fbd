/* Below all else, the system's files included, so that every part of the host can end it. */
#include "die.h"

#ifdef _WIN32
#include <windows.h>

void die(int status)
{
    TerminateProcess(GetCurrentProcess(), (UINT) status);
}
#else
#include <unistd.h>

void die(int status)
{
    _exit(status);
}
#endif
