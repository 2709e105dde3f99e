/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A client on a loop of its own thread, driven from the test's thread. Everything here is called on
 * the test's thread. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "redis/redis.h"

struct bench {
    struct time_source *time;
    struct loop *loop;
    struct redis *redis;
    _Atomic bool up;
    _Atomic int reloads, messages, downs;
};

/* The last reply, as text or number; `replies` counts. */
struct answer {
    _Atomic int replies;
    bool missing;
    int64_t number;
    char text[200];
};

#define BENCH_ECHO 0 /* script: gives KEYS[1] and ARGV[1] back */
#define BENCH_BUSY 1 /* script: keeps the server busy for ARGV[1] ms */

void bench_start(struct bench *b, const char *url, int64_t timeout_ms, size_t max_outstanding);
void bench_stop(struct bench *b);

/* Runs one command, its words separated by blanks; waits for the reply. */
void bench_command(struct bench *b, const char *words, struct answer *a);
/* As above without waiting. */
void bench_send(struct bench *b, const char *words, struct answer *a);
void bench_eval(struct bench *b, size_t script, const char *words, struct answer *a);
void bench_publish(struct bench *b, const char *text);
void bench_loaded(struct bench *b);

bool bench_wait_up(struct bench *b, bool up);
/* Waits until the counter is at least n; 5 s at most. */
bool bench_wait(_Atomic int *counter, int n);

/* The server given by AMENDS_TEST_REDIS; fails the test when there is none. */
const char *bench_url(void);
