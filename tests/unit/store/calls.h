/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Commands as the services give them, and reads, on a rig. Ownership: a call owns its arena. */

#include "amends/v1/assignment_service.pb-c.h"
#include "amends/v1/intake_service.pb-c.h"
#include "case/command/request.h"
#include "rig.h"

struct call {
    struct submission sub;
    bool answered; /* its answer was made, as the response of a call would be */
    struct arena arena;
    bool done;
    size_t *left; /* counted down when it has ended; may be NULL */
};

/* A call of the client application "crm" of tenant demo. */
void call_init(struct rig *r, struct call *c, const struct command_kind *kind,
               const ProtobufCMessage *request);
void call_free(struct call *c);

/* Submits it and runs until it has ended. */
void call_run(struct rig *r, struct call *c);
/* Submits all of them at once and runs until all have ended. */
void calls_run(struct rig *r, struct call *calls, size_t n);

/* A valid OpenCaseRequest; texts are copied into the call's arena by call_open(). */
struct opening {
    const char *request_id, *customer_id, *code, *order;
};
/* NULL request_id = a new one. */
void call_open(struct rig *r, struct call *c, struct opening o);

/* A read whose arena and fault are ready; run with rig_run(r, &x->done). */
struct reading {
    struct store_read read;
    struct arena arena;
    bool done;
};
void reading_init(struct rig *r, struct reading *x);
void reading_free(struct reading *x);

/* Nothing is orphaned or missing. */
void assert_sound(struct rig *r);
