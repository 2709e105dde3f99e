/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Requests of intake and resolution in one line each, run in a world. Every call has a request id
 * of its own and names the world's case; the request is left in `rig` so that a test can send it
 * again.
 *
 * Threading: one test. Ownership: the world's arena.
 */

#include "amends/v1/assignment_service.pb-c.h"
#include "amends/v1/intake_service.pb-c.h"
#include "amends/v1/resolution_service.pb-c.h"
#include "assignment/decide/decide.h"
#include "intake/decide/decide.h"
#include "resolution/decide/decide.h"
#include "world.h"

/* A copy of the text that a request may point at. */
char *rig_text(struct world *w, const char *text);
Google__Type__Money *rig_money(struct world *w, const char *currency, int64_t units);
Google__Protobuf__Timestamp *rig_time(struct world *w, int64_t us);

/* A request that is fine: complaint by phone of customer c-1, billing.overcharge, order o-1. */
Amends__V1__OpenCaseRequest *rig_open_request(struct world *w);
void rig_open(struct world *w, Amends__V1__OpenCaseRequest *request);

void rig_contact(struct world *w, const char *who, int direction, int outcome, int channel);
void rig_act(struct world *w, const char *who, int kind);
void rig_root_cause(struct world *w, const char *who, const char *code);
/* Without a currency, without an amount. The remedy's id is w->cmd.result_id. */
void rig_propose(struct world *w, const char *who, int kind, const char *currency, int64_t units);
void rig_answer(struct world *w, const char *who, const struct uuid *remedy, int answer);
void rig_fulfil(struct world *w, const char *who, const struct uuid *remedy, int outcome,
                const char *reference);
/* At the case's present version. */
void rig_deny(struct world *w, const char *who, const char *reason);
void rig_resolve(struct world *w, const char *who);
void rig_close(struct world *w, const char *who);

/* An instant; its id is w->cmd.result_id. */
void rig_promise(struct world *w, const char *who, int64_t promised_us);
/* A wall time in the customer's zone. */
void rig_promise_local(struct world *w, const char *who, const char *local_time);
/* KEPT at an instant (0 = now) or BROKEN. */
void rig_settle(struct world *w, const char *who, const struct uuid *promise, int outcome,
                int64_t kept_us);
/* With the customer's consent. */
void rig_renegotiate(struct world *w, const char *who, const struct uuid *promise,
                     int64_t promised_us);
/* Until an instant, 0 = as long as policy allows. At the case's present version. */
void rig_pause(struct world *w, const char *who, int64_t resume_us);
void rig_resume(struct world *w, const char *who);
/* `other_case`: the open case that its second step finds, NULL = none. */
void rig_reopen(struct world *w, const char *who, const struct uuid *other_case);
/* 0 = the next level. */
void rig_escalate(struct world *w, const char *who, int to_level);
void rig_acknowledge(struct world *w, const char *who);
/* Makes every record that the close gate asks for, in the case's present round. */
void rig_recover(struct world *w, const char *who);

/* Another policy, from sections of a bundle; `amends: 1` unless they begin with `amends:`. */
void rig_policy(struct world *w, const char *sections);

/* The i-th promise, its state asserted. */
const struct promise_row *rig_promised(const struct world *w, size_t i, int state);

/* A world with an open case and agents ann (level 1), bob (level 1) and
 * lea (level 2); ann owns it. */
struct world *rig_owned(void);

/* The i-th remedy, its state asserted. */
const struct remedy_row *rig_remedy(const struct world *w, size_t i, int state);
