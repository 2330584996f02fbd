/*
 * A resolver that knows two names, kinesis.example and two.kinesis.example, and takes its time. Loaded before the C
 * library (LD_PRELOAD), its getaddrinfo comes first.
 *
 * The file that SLOWDNS names says, at each lookup, what is to happen: a number of milliseconds to wait before the
 * answer, which is 127.0.0.1, -1 for no answer for now, or -2 for a name that is not known. The other name has the
 * address ::1 as well, and before that one.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef int lookup(const char *, const char *, const struct addrinfo *, struct addrinfo **);

static int milliseconds(void) {
    const char *name = getenv("SLOWDNS");
    FILE *file = name ? fopen(name, "r") : NULL;
    int wait = 0;
    if (file) {
        if (fscanf(file, "%d", &wait) != 1)
            wait = 0;
        fclose(file);
    }
    return wait;
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
    lookup *real = (lookup *)dlsym(RTLD_NEXT, "getaddrinfo");
    if (!real)
        return EAI_SYSTEM;
    if (node && strcmp(node, "two.kinesis.example") == 0) {
        struct addrinfo *second;
        if (real("127.0.0.1", service, hints, &second))
            return real("::1", service, hints, found); /* IPv6 was asked for alone */
        if (real("::1", service, hints, found)) {
            *found = second; /* IPv4 was */
            return 0;
        }
        struct addrinfo *last = *found;
        while (last->ai_next)
            last = last->ai_next;
        last->ai_next = second;
        return 0;
    }
    if (node && strcmp(node, "kinesis.example") == 0) {
        int wait = milliseconds();
        if (wait < 0)
            return wait == -1 ? EAI_AGAIN : EAI_NONAME;
        usleep((useconds_t)wait * 1000);
        node = "127.0.0.1";
    }
    return real(node, service, hints, found);
}
