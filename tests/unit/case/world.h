/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A case in memory, for tests of pure rules: it keeps rows between commands as a database would, so
 * that a test can play a case's whole life and look at what every command wrote.
 *
 * Threading: one test. Ownership: everything lies in the world's arena until world_free().
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "amends/v1/agent.pb-c.h"
#include "case/clocks/clocks.h"
#include "case/clocks/facts.h"
#include "case/close.h"
#include "case/command/decide.h"
#include "case/command/driver.h"
#include "case/command/keys.h"
#include "case/command/request.h"
#include "case/event.h"
#include "case/gate.h"
#include "case/history/chain.h"
#include "case/history/proof.h"
#include "case/ladder/firing.h"
#include "case/ladder/ladder.h"
#include "case/message/message.h"
#include "case/owner.h"
#include "case/people/authority.h"
#include "case/people/signature.h"
#include "case/queue.h"
#include "case/refresh.h"
#include "case/status.h"
#include "case/transition.h"
#include "contract/clock_kinds.h"
#include "contract/remedy_states.h"
#include "contract/statuses.h"
#include "contract/words.h"

#define HOUR_US (3600 * 1000000LL)
#define DAY_US (24 * HOUR_US)
/* 2026-01-01T00:00:00Z */
#define WORLD_START_US 1767225600000000LL

struct world {
    struct arena arena;
    struct policy *policy;
    int64_t now_us;
    int64_t test_offset_us; /* what the tenant's clock is ahead of the cluster's */
    uint32_t made;          /* ids and seeds made so far */
    struct case_state c;
    struct uuid other_case_id;  /* the open case that a look-up of the claim finds */
    struct rows agents, dedups; /* committed */
    struct rows events, privates, escalations, notifications,
        deliveries;     /* committed, all of them */
    struct command cmd; /* the last command and its decision */
    struct decision d;
    enum decision_verdict verdict;
    struct command_keys keys; /* of the last command */
    /* Made by the last command's answer, as a call would: NULL when there was none. */
    Amends__V1__Case *case_after;
    Amends__V1__Agent *agent_after;
};

/* A world at WORLD_START_US with the default policy, version 1, and no case. */
struct world *world_new(void);
void world_free(struct world *w);

/* Opens a case by making its rows: failure billing.overcharge, severity 3, customer c-1, order o-1.
 * The steward owns it, its clocks run as its policy says, and its first event is written. */
void world_open(struct world *w);
/* A world with such a case. */
struct world *world_with_case(void);

/* An agent with skill billing:3, languages de and en, capacity 10 and the level's limits. */
struct agent_row *world_agent(struct world *w, const char *id, int level);

/* A UUID nobody has, as text. */
char *world_uuid(struct world *w);

/* Starts a decision by `principal` on the case, without deciding anything: for calling rules
 * directly. */
struct decision *world_decision(struct world *w, const char *principal);
/* Runs the driver and keeps what the decision wrote. */
void world_commit(struct world *w);

/* Runs a command as a segment would: on DECISION_WRITE the rows are kept, else they are as before.
 */
void world_run(struct world *w, const struct command_kind *kind, const char *principal,
               const ProtobufCMessage *request);
/* The same with command fields (args, agent_id, expected_version, seed) that `prepare` sets. */
void world_run_with(struct world *w, const struct command_kind *kind, const char *principal,
                    const ProtobufCMessage *request,
                    void (*prepare)(struct command *cmd, void *ctx), void *ctx);

/* Makes the agent the owner, by the owner rule. */
void world_own(struct world *w, const char *agent_id);

/* Fires the clock, whose next_at has come, and keeps what that wrote. */
void world_fire(struct world *w, struct clock_row *clock);
/* Lets time pass until an instant: every clock fires when its time comes. */
void world_fire_until(struct world *w, int64_t now_us);

/* A pending offer to the agent with its clock. */
struct offer_row *world_offer(struct world *w, const char *agent_id);

/* Assert that the last command was written, or was refused with this code and reason. Both print
 * what it said otherwise. */
void assert_written(const struct world *w);
void assert_refused(const struct world *w, enum fault_code code, int reason);
/* The fault's metadata value of the key; fails when there is none. */
const char *fault_meta_of(const struct fault *f, const char *key);
bool fault_has(const struct fault *f, const char *key);

/* The i-th event from the end, 0 = the last. */
const struct event_row *world_event(const struct world *w, size_t from_end);
/* Its detail, unpacked in the world's arena. */
const Amends__V1__EventDetail *world_detail(struct world *w, const struct event_row *event);
/* Every event committed so far verifies up to the case's head. */
void assert_chain_intact(struct world *w);
/* The proof of the case, with all its rows and texts. */
struct proof *world_prove(struct world *w);
