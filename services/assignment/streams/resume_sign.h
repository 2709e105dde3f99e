/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The signature of a resume token, by which it is one agent's. The last release has none; which
 * tokens are signed, and which are taken, is in shared/token_code.h.
 *
 * Threading: io loop's thread. Ownership: results lie in the arena.
 */

#include "assignment/streams/resume.h"
#include "shared/service.h"

/* Whose stream it is. */
struct resume_owner {
    const struct service *service;
    int64_t tenant_id;
    const char *agent_id;
};

/* The token of resume_write() as it is given out; "" stays empty. */
char *resume_sign(struct arena *arena, const struct resume_owner *owner, char *token);

/* Adds a violation of `resume_token` unless a token of the right form was given out to this agent.
 */
void resume_check_owner(struct fault *fault, const struct resume_owner *owner, const char *token);
