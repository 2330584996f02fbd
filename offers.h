/* What offers_linux.go asks of offers.c. */
#ifndef KINESIS_OFFERS_H
#define KINESIS_OFFERS_H

/* The names begin as no function of Fluent Bit does: in its process one of the same name would be called instead. */

/* A chunk that a thread of Fluent Bit has left for Go, and waits for the answer to. It is gone once it is answered. */
struct kinesis_offer {
    void *context; /* of the instance; NULL in the call of a host without contexts */
    int alone;     /* that is such a call */
    void *data;
    int size;
    char *tag;
    int thread;                 /* as gettid has it */
    struct kinesis_offer *next; /* that came after it */
};

/* From here on chunks are left for Go, and wake, an eventfd, is written to where there were none before. */
void kinesis_offers_open(int wake);

/* From here on chunks call Go as they come; wake is not used any more. */
void kinesis_offers_close(void);

/* Takes all chunks that have been left, in the order in which they came; NULL if none. */
struct kinesis_offer *kinesis_offers_take(void);

void kinesis_offer_answer(struct kinesis_offer *offer, int code);

#endif
