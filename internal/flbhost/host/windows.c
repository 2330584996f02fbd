/* The host's system on Windows. */
#ifdef _WIN32

#define PSAPI_VERSION 2 /* GetProcessMemoryInfo from kernel32 */
#define _WIN32_WINNT 0x0601
#include <windows.h>

#include <fcntl.h>
#include <io.h>
#include <errno.h>
#include <psapi.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <tlhelp32.h>

#include "base.h"
#include "platform.h"

static HANDLE commands;

static HANDLE duplicate(DWORD which)
{
    HANDLE process = GetCurrentProcess();
    HANDLE copy;

    if (!DuplicateHandle(process, GetStdHandle(which), process, &copy, 0, FALSE, DUPLICATE_SAME_ACCESS)) {
        return INVALID_HANDLE_VALUE;
    }
    return copy;
}

/* A descriptor of C and the standard handle, which is the one that a Go runtime writes to. */
static int redirect(int fd, int to, DWORD which)
{
    if (to < 0 || _dup2(to, fd) != 0) {
        return 0;
    }
    _close(to);
    return SetStdHandle(which, (HANDLE) _get_osfhandle(fd));
}

FILE *platform_take_pipes(const char *log, char *error, size_t size)
{
    HANDLE out = duplicate(STD_OUTPUT_HANDLE);
    int file = _open(log, _O_WRONLY | _O_CREAT | _O_TRUNC | _O_APPEND | _O_BINARY, _S_IREAD | _S_IWRITE);
    int answers;

    commands = duplicate(STD_INPUT_HANDLE);
    if (file < 0) {
        snprintf(error, size, "the log %s: %s", log, strerror(errno));
        return NULL;
    }
    if (out == INVALID_HANDLE_VALUE || commands == INVALID_HANDLE_VALUE ||
        !redirect(0, _open("NUL", _O_RDONLY), STD_INPUT_HANDLE) || !redirect(1, file, STD_OUTPUT_HANDLE)) {
        snprintf(error, size, "standard input and output: error %lu", GetLastError());
        return NULL;
    }
    answers = _open_osfhandle((intptr_t) out, _O_BINARY);
    return answers < 0 ? NULL : _fdopen(answers, "wb");
}

void platform_become_daemon(void)
{
    give_up("there is no fork on Windows");
}

int platform_read(void *buffer, int size)
{
    DWORD got;

    return ReadFile(commands, buffer, (DWORD) size, &got, NULL) ? (int) got : -1;
}

void *platform_open_library(const char *path, char *error, size_t size)
{
    HMODULE library = path == NULL ? GetModuleHandle(NULL) : LoadLibraryA(path);

    if (library == NULL) {
        snprintf(error, size, "%s: LoadLibrary failed with error %lu", path == NULL ? "" : path, GetLastError());
    }
    return library;
}

void *platform_share_library(const char *path, char *error, size_t size)
{
    snprintf(error, size, "%s: a library of Windows cannot stand in for the program", path);
    return NULL;
}

void *platform_symbol(void *library, const char *name)
{
    FARPROC function = GetProcAddress(library, name);
    void *symbol;

    memcpy(&symbol, &function, sizeof symbol);
    return symbol;
}

static SRWLOCK mutex = SRWLOCK_INIT;

void platform_lock(void)
{
    AcquireSRWLockExclusive(&mutex);
}

void platform_unlock(void)
{
    ReleaseSRWLockExclusive(&mutex);
}

struct condition {
    CONDITION_VARIABLE variable;
};

struct condition *condition_new(void)
{
    struct condition *condition = allocate(sizeof *condition);

    InitializeConditionVariable(&condition->variable);
    return condition;
}

void condition_wait(struct condition *condition, int64_t until)
{
    DWORD milliseconds = INFINITE;

    if (until != FOREVER) {
        int64_t left = until - platform_now();

        milliseconds = left <= 0 ? 0 : (DWORD) ((left < 3600000000LL ? left : 3600000000LL) / 1000 + 1);
    }
    SleepConditionVariableSRW(&condition->variable, &mutex, milliseconds, 0);
}

void condition_signal(struct condition *condition)
{
    WakeConditionVariable(&condition->variable);
}

struct thread {
    HANDLE handle;
    void (*run)(void *);
    void *argument;
};

static DWORD WINAPI thread_main(LPVOID argument)
{
    struct thread *thread = argument;

    thread->run(thread->argument);
    return 0;
}

struct thread *thread_start(void (*run)(void *), void *argument)
{
    struct thread *thread = allocate(sizeof *thread);

    thread->run = run;
    thread->argument = argument;
    thread->handle = CreateThread(NULL, 0, thread_main, thread, 0, NULL);
    if (thread->handle == NULL) {
        give_up("no thread could be started: error %lu", GetLastError());
    }
    return thread;
}

void thread_join(struct thread *thread)
{
    WaitForSingleObject(thread->handle, INFINITE);
}

/* Coroutines are fibers here, as in Fluent Bit. */
struct coroutine {
    LPVOID caller, callee;
    void (*run)(void *);
    void *argument;
};

static void CALLBACK coroutine_main(LPVOID argument)
{
    struct coroutine *coroutine = argument;

    for (;;) {
        coroutine->run(coroutine->argument);
        SwitchToFiber(coroutine->caller);
    }
}

struct coroutine *coroutine_new(size_t stack_size)
{
    struct coroutine *coroutine = allocate(sizeof *coroutine);

    coroutine->caller = ConvertThreadToFiber(NULL);
    coroutine->callee = CreateFiber(stack_size, coroutine_main, coroutine);
    if (coroutine->caller == NULL || coroutine->callee == NULL) {
        give_up("no fiber could be made: error %lu", GetLastError());
    }
    return coroutine;
}

void coroutine_call(struct coroutine *coroutine, void (*run)(void *), void *argument)
{
    coroutine->run = run;
    coroutine->argument = argument;
    SwitchToFiber(coroutine->callee);
}

size_t page_size(void)
{
    SYSTEM_INFO info;

    GetSystemInfo(&info);
    return info.dwPageSize;
}

void *pages_new(size_t size)
{
    char *pages = VirtualAlloc(NULL, size + page_size(), MEM_RESERVE, PAGE_NOACCESS);

    if (pages == NULL || VirtualAlloc(pages, size, MEM_COMMIT, PAGE_READWRITE) == NULL) {
        return NULL;
    }
    return pages; /* the last page stays reserved, which cannot be read */
}

void pages_retire(void *pages, size_t size)
{
    if (!VirtualFree(pages, size, MEM_DECOMMIT)) {
        give_up("retiring pages: error %lu", GetLastError());
    }
}

void pages_free(void *pages, size_t size)
{
    (void) size;
    VirtualFree(pages, 0, MEM_RELEASE);
}

int64_t platform_now(void)
{
    LARGE_INTEGER count, frequency;

    QueryPerformanceCounter(&count);
    QueryPerformanceFrequency(&frequency);
    return count.QuadPart / frequency.QuadPart * 1000000 +
           count.QuadPart % frequency.QuadPart * 1000000 / frequency.QuadPart;
}

static int64_t microseconds(FILETIME time)
{
    return (int64_t) (((uint64_t) time.dwHighDateTime << 32 | time.dwLowDateTime) / 10);
}

int64_t platform_cpu(void)
{
    FILETIME created, exited, kernel, user;

    if (!GetProcessTimes(GetCurrentProcess(), &created, &exited, &kernel, &user)) {
        return -1;
    }
    return microseconds(kernel) + microseconds(user);
}

static int64_t count_threads(void)
{
    HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0);
    THREADENTRY32 entry;
    int64_t count = 0;
    BOOL more;

    if (snapshot == INVALID_HANDLE_VALUE) {
        return -1;
    }
    entry.dwSize = sizeof entry;
    for (more = Thread32First(snapshot, &entry); more; more = Thread32Next(snapshot, &entry)) {
        count += entry.th32OwnerProcessID == GetCurrentProcessId();
    }
    CloseHandle(snapshot);
    return count;
}

struct usage platform_usage(void)
{
    struct usage usage = { -1, -1, -1 };
    PROCESS_MEMORY_COUNTERS counters;

    if (GetProcessMemoryInfo(GetCurrentProcess(), &counters, sizeof counters)) {
        usage.resident = (int64_t) counters.WorkingSetSize;
        usage.peak = (int64_t) counters.PeakWorkingSetSize;
    }
    usage.threads = count_threads();
    return usage;
}

#endif
