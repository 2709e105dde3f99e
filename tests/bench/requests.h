/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The calls of a case's life as they are made, with what a real one would carry. Threading: the
 * loop's thread. Ownership: requests are packed before the call returns.
 */

#include "base/uuid.h"
#include "clients.h"

/* "Case 17 of this run": no two runs on one database share a seed. */
#define SEED_MAX 48

enum step {
    STEP_OPEN,
    STEP_REQUEST,
    STEP_CONTACT,
    STEP_ACT,
    STEP_CAUSE,
    STEP_PROPOSE,
    STEP_ANSWER,
    STEP_FULFIL,
    STEP_RESOLVE,
    STEP_CLOSE,
    STEPS
};

/* "open", "request", .. */
extern const char *const step_names[STEPS];

struct subject {
    char case_id[UUID_TEXT_LEN + 1];
    char remedy_id[UUID_TEXT_LEN + 1];
    int64_t version;
};

/* Finds the methods; before the others. */
void requests_setup(void);

/* Whose cases are opened: each call another customer, of the run's seed; or, when `known` is not 0,
 * so many who come again in every run of the same `family`, each time about another order. */
struct openers {
    const char *seed, *family;
    uint64_t known;
};

/* The n-th OpenCase. */
int request_open(struct clients *c, const struct rpc_principal *as, struct openers who, uint64_t n,
                 rpc_client_done *done, void *ctx) AM_MUSTCHECK;

/* GetCase of the case with that id. */
int request_get(struct clients *c, const struct rpc_principal *as, const char *case_id,
                rpc_client_done *done, void *ctx) AM_MUSTCHECK;

/* The step of a case's life after its opening. */
int request_step(struct clients *c, const struct rpc_principal *as, enum step step,
                 const struct subject *subject, rpc_client_done *done, void *ctx) AM_MUSTCHECK;

/* An agent who may do all that a life needs. */
int request_agent(struct clients *c, const struct rpc_principal *as, const char *agent_id,
                  rpc_client_done *done, void *ctx) AM_MUSTCHECK;
