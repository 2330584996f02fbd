/* The host's system on Linux. */
#ifndef _WIN32

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "base.h"
#include "die.h"
#include "platform.h"

static int commands;

FILE *platform_take_pipes(const char *log, char *error, size_t size)
{
    int answers = fcntl(1, F_DUPFD_CLOEXEC, 3);
    int empty = open("/dev/null", O_RDONLY);
    int out = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0644);

    commands = fcntl(0, F_DUPFD_CLOEXEC, 3);
    if (out < 0) {
        snprintf(error, size, "the log %s: %s", log, strerror(errno));
        return NULL;
    }
    if (answers < 0 || commands < 0 || empty < 0 || dup2(empty, 0) < 0 || dup2(out, 1) < 0) {
        snprintf(error, size, "standard input and output: %s", strerror(errno));
        return NULL;
    }
    close(empty);
    close(out);
    return fdopen(answers, "w");
}

void platform_become_daemon(void)
{
    pid_t child = fork();
    int status = 0;

    if (child < 0) {
        give_up("fork: %s", strerror(errno));
    }
    if (child > 0) {
        while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
        }
        die(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    fclose(stderr);
    fclose(stdout);
}

int platform_read(void *buffer, int size)
{
    ssize_t got;

    do {
        got = read(commands, buffer, (size_t) size);
    } while (got < 0 && errno == EINTR);
    return (int) got;
}

void *platform_open_library(const char *path, char *error, size_t size)
{
    void *library = dlopen(path, RTLD_LAZY); /* NULL: the program itself */

    if (library == NULL) {
        snprintf(error, size, "%s", dlerror());
    }
    return library;
}

void *platform_share_library(const char *path, char *error, size_t size)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_GLOBAL);

    if (library == NULL) {
        snprintf(error, size, "%s", dlerror());
    }
    return library;
}

void *platform_symbol(void *library, const char *name)
{
    return dlsym(library, name);
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

void platform_lock(void)
{
    pthread_mutex_lock(&mutex);
}

void platform_unlock(void)
{
    pthread_mutex_unlock(&mutex);
}

struct condition {
    pthread_cond_t cond;
};

struct condition *condition_new(void)
{
    struct condition *condition = allocate(sizeof *condition);
    pthread_condattr_t attributes;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&condition->cond, &attributes);
    pthread_condattr_destroy(&attributes);
    return condition;
}

void condition_wait(struct condition *condition, int64_t until)
{
    struct timespec at;

    if (until == FOREVER) {
        pthread_cond_wait(&condition->cond, &mutex);
        return;
    }
    at.tv_sec = (time_t) (until / 1000000);
    at.tv_nsec = (long) (until % 1000000) * 1000;
    pthread_cond_timedwait(&condition->cond, &mutex, &at);
}

void condition_signal(struct condition *condition)
{
    pthread_cond_signal(&condition->cond);
}

struct thread {
    pthread_t id;
    void (*run)(void *);
    void *argument;
};

static void *thread_main(void *argument)
{
    struct thread *thread = argument;

    thread->run(thread->argument);
    return NULL;
}

struct thread *thread_start(void (*run)(void *), void *argument)
{
    struct thread *thread = allocate(sizeof *thread);

    thread->run = run;
    thread->argument = argument;
    if (pthread_create(&thread->id, NULL, thread_main, thread) != 0) {
        give_up("no thread could be started");
    }
    return thread;
}

void thread_join(struct thread *thread)
{
    pthread_join(thread->id, NULL);
}

struct coroutine {
    ucontext_t caller, callee;
    char *stack;
    size_t stack_size;
    void (*run)(void *);
    void *argument;
};

/* A stack with a page below it that cannot be touched: what runs over its end dies there. */
struct coroutine *coroutine_new(size_t stack_size)
{
    struct coroutine *coroutine = allocate(sizeof *coroutine);
    size_t page = page_size();
    size_t size = (stack_size + page - 1) / page * page;
    char *memory = mmap(NULL, page + size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED || mprotect(memory, page, PROT_NONE) != 0) {
        give_up("no memory for a stack of %lu bytes", (unsigned long) stack_size);
    }
    coroutine->stack = memory + page;
    coroutine->stack_size = size;
    return coroutine;
}

/* makecontext passes ints: a pointer goes as its two halves. */
static void coroutine_main(unsigned int high, unsigned int low)
{
    struct coroutine *coroutine = (struct coroutine *) (uintptr_t) (((uint64_t) high << 32) | low);

    coroutine->run(coroutine->argument);
}

void coroutine_call(struct coroutine *coroutine, void (*run)(void *), void *argument)
{
    uint64_t self = (uint64_t) (uintptr_t) coroutine;

    coroutine->run = run;
    coroutine->argument = argument;
    getcontext(&coroutine->callee);
    coroutine->callee.uc_stack.ss_sp = coroutine->stack;
    coroutine->callee.uc_stack.ss_size = coroutine->stack_size;
    coroutine->callee.uc_link = &coroutine->caller;
    makecontext(&coroutine->callee, (void (*)(void)) coroutine_main, 2, (unsigned int) (self >> 32),
                (unsigned int) self);
    swapcontext(&coroutine->caller, &coroutine->callee);
}

size_t page_size(void)
{
    return (size_t) sysconf(_SC_PAGESIZE);
}

void *pages_new(size_t size)
{
    char *pages = mmap(NULL, size + page_size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (pages == MAP_FAILED || mprotect(pages + size, page_size(), PROT_NONE) != 0) {
        return NULL;
    }
    return pages;
}

void pages_retire(void *pages, size_t size)
{
    /* A new mapping in place of the old one: its memory goes, its addresses stay taken. */
    if (mmap(pages, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED) {
        give_up("retiring pages: %s", strerror(errno));
    }
}

void pages_free(void *pages, size_t size)
{
    munmap(pages, size + page_size());
}

int64_t platform_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t) now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t platform_cpu(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return ((int64_t) usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 + usage.ru_utime.tv_usec +
           usage.ru_stime.tv_usec;
}

/*
 * From /proc: getrusage's ru_maxrss begins with what the parent had in memory when it started this process, which is
 * the driver's memory and not the host's.
 */
struct usage platform_usage(void)
{
    struct usage usage = { -1, -1, -1 };
    FILE *status = fopen("/proc/self/status", "r");
    char line[256];
    long long value;

    if (status == NULL) {
        return usage;
    }
    while (fgets(line, sizeof line, status) != NULL) {
        if (sscanf(line, "VmRSS: %lld", &value) == 1) {
            usage.resident = value * 1024;
        }
        else if (sscanf(line, "VmHWM: %lld", &value) == 1) {
            usage.peak = value * 1024;
        }
        else if (sscanf(line, "Threads: %lld", &value) == 1) {
            usage.threads = value;
        }
    }
    fclose(status);
    return usage;
}

#endif
