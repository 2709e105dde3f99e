/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Admission of reads by the memory that they may hold. Small ones (up to READ_GATE_SMALL bytes) and
 * large ones each have half of the bound, so that neither waits for the other. Of each half a
 * tenant may hold as much as is still free: one alone gets half of it, two get a third each. What
 * does not fit waits; tenants have turns.
 *
 * Threading: io loop's thread. Ownership: a place is embedded in its caller's struct and borrowed
 * from read_gate_enter() until read_gate_leave().
 */

#include "base/fault.h"
#include "io/fair.h"

#define READ_GATE_SMALL (1u << 20)
/* No read may hold more; the least bound is twice as much. */
#define READ_GATE_MOST (32u << 20)

struct read_gate;
struct read_gate_use;

struct read_gate_place {
    struct fair_item item; /* .tenant is set by the caller */
    size_t bytes;          /* that it may hold; set by the caller, at most READ_GATE_MOST */
    /* Called once: it may begin (NULL), or is refused with RESOURCE_EXHAUSTED / OVERLOADED. */
    void (*done)(struct read_gate_place *place, const struct fault *fault);
    struct read_gate_use *use; /* not NULL while it holds its bytes */
};

/* `bytes`: the bound of the process, at least 2 * READ_GATE_MOST. `queue`: how many may wait. */
struct read_gate *read_gate_new(size_t bytes, size_t queue);
/* Nothing holds bytes or waits any more. */
void read_gate_free(struct read_gate *g);

/* Asks for the place's bytes; done() may run in this call. */
void read_gate_enter(struct read_gate *g, struct read_gate_place *place);
/* Whether the place, which has not entered yet, may have to wait. */
bool read_gate_would_wait(struct read_gate *g, const struct read_gate_place *place);
/* Gives the bytes back, or stops waiting. Does nothing for a place that has neither. Others may
 * begin within this call. */
void read_gate_leave(struct read_gate *g, struct read_gate_place *place);
