/*
 * Stands in for Windows' bcryptprimitives.dll, of which Go's runtime calls this one function, in a wine that has none.
 * It serves tests alone.
 */
#include <windows.h>
#include <ntsecapi.h>

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T size)
{
    const ULONG most = 1 << 30;

    while (size > 0) {
        ULONG some = size < most ? (ULONG) size : most;

        if (!RtlGenRandom(data, some)) {
            return FALSE;
        }
        data += some;
        size -= some;
    }
    return TRUE;
}
