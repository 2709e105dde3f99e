/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Requests of intake and resolution in one line each, run in a world. Every call has a request id
 * of its own and names the world's case; the request is left in `rig` so that a test can send it
 * again.
 *
 * Threading: one test. Ownership: the world's arena.
 */

#include "amends/v1/intake_service.pb-c.h"
#include "amends/v1/resolution_service.pb-c.h"
#include "intake/decide.h"
#include "resolution/decide.h"
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

/* A world with an open case and agents ann (level 1), bob (level 1) and lea (level 2); ann owns it.
 */
struct world *rig_owned(void);

/* The i-th remedy, its state asserted. */
const struct remedy_row *rig_remedy(const struct world *w, size_t i, int state);
