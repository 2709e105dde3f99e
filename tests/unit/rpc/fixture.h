/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A server of the echo service with a real loop thread.
 *
 * Threading: the test's thread, but for what says otherwise.
 */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <echo.pb-c.h>

#include "auth/identity.h"
#include "rpc/client.h"
#include "rpc/server.h"

struct fixture {
    struct time_source *time;
    struct loop *loop;
    struct rpc_server *server;
    bool draining;
    /* written on the loop's thread, read on any */
    _Atomic int handled;        /* calls that reached a handler */
    _Atomic int held;           /* calls of Hold that wait */
    _Atomic int opened;         /* streams opened */
    _Atomic int sent;           /* messages of streams that left */
    _Atomic int closed;         /* streams closed */
    _Atomic int gone;           /* of these: the client had gone */
    struct rpc_call *hold[256]; /* the loop's thread */
};

/* A kind of credential that the next server takes; NULL: none. */
extern const struct auth_checker *fixture_checker;

/* Starts server and loop; `config` may be NULL (no port). */
void fixture_start(struct fixture *f, const struct rpc_server_config *config);
/* Begins the drain; fixture_wait_drained() waits for its end. */
void fixture_drain(struct fixture *f);
void fixture_wait_drained(struct fixture *f);
/* The two halves of it: until the loop has ended, and what is left. */
void fixture_wait_ended(struct fixture *f);
void fixture_free(struct fixture *f);
/* Drains, unless that was done, and frees everything. */
void fixture_stop(struct fixture *f);

/* Runs `fn` on the loop's thread and waits for its end. */
void fixture_on_loop(struct fixture *f, void (*fn)(void *ctx), void *ctx);
/* Answers all that Hold has. */
void fixture_release(struct fixture *f);
/* Waits until *counter reaches `at_least`; fails the test after 10 s. */
void fixture_wait(_Atomic int *counter, int at_least);

/* protobuf-c wants char * and struct pointers, and reads them only. */
static inline void *unconst(const void *constant)
{
    const union {
        const void *in;
        void *out;
    } u = {constant};
    return u.out;
}

/* The index of a method of the echo service. */
unsigned echo_method(const char *name);
extern const struct rpc_principal echo_principal;
