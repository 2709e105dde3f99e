/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Where to connect: a conninfo whose list of hosts is taken apart, so that each attempt names one
 * host, names are looked up without blocking, and a dead first host cannot hold up the others.
 *
 * Threading: immutable after target_parse(). Ownership: strings belong to the target.
 */

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>

#define TARGET_HOSTS 8
#define PG_WHY_LEN 200

struct target_host {
    char *host;     /* "" = none given */
    char *hostaddr; /* "" = none given */
    char *port;     /* "" = none given */
};

struct target {
    char *conninfo;
    size_t n; /* 0 = libpq's default, nothing to name */
    struct target_host hosts[TARGET_HOSTS];
};

/* Takes a conninfo apart. It never fails: a conninfo that cannot be read gives no hosts, and libpq
 * says what is wrong with it when it connects. */
void target_parse(struct target *t, const char *conninfo);
void target_free(struct target *t);

/* True when the host is a name that has to be looked up before libpq may have it. */
bool target_needs_lookup(const struct target_host *h);

/* libpq's last message of a connection, first line only; returns `out`. */
const char *pg_why(const PGconn *pq, char out[PG_WHY_LEN]);
