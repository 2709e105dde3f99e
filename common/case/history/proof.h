/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The proof of a case: its events are verified from the last to the first, and every row of the
 * case is compared with the last event that shows it.
 *
 * What is compared is what events show: see proto/amends/v1/event.proto. A command's last event has
 * the facts of the case (case/history/seal.h). Events of the first release have none; when such an
 * event comes after the one that shows a row, a replica of that release may have changed the row
 * without telling: then only what that release told is compared.
 *
 * Use: proof_begin() with the case as it was read at one instant (CASE_PROOF), proof_event() for
 * each event up to its last_seq, latest first, proof_end(). Long texts of signals, contacts and
 * acts may not have been read with the case: proof_words() compares them, after the events.
 *
 * Threading: pure. Ownership: everything lies in the arena given, which also bounds the memory. The
 * case is borrowed.
 */

#include "amends/v1/event.pb-c.h"
#include "case/history/chain.h"
#include "case/model/state.h"

#define PROOF_FINDINGS_MAX 100
/* What a proof needs of its arena, beside the case. */
#define PROOF_BYTES (512u << 10)

enum proof_part {
    PROOF_SIGNAL,
    PROOF_CONTACT,
    PROOF_ACT,
    PROOF_REMEDY,
    PROOF_PROMISE,
    PROOF_OFFER,
    PROOF_CLOCK,
    PROOF_PARTS
};
/* Those whose texts are compared afterwards. */
#define PROOF_WORDS (PROOF_ACT + 1)

/* What the personal part of an event says that a text is. */
struct proof_text {
    bool known; /* false: no event says it, or its personal part was erased */
    int64_t seq;
    uint8_t hash[32];
};

struct proof {
    const struct case_state *c;
    const char *tenant;
    struct arena *arena;
    struct chain_check chain;
    int64_t sealed_from; /* events from here on were sealed; 0 = none yet */
    bool distrust;       /* an event that is not sealed was seen */
    bool facts, opening, owner, version, erasure; /* compared already */
    bool *seen[PROOF_PARTS];                      /* by the row's place: an event shows it */
    struct proof_text *texts[PROOF_WORDS];
    bool *steps;   /* of the ladder, by the row's place: an event shows it */
    int32_t round; /* of the events that come now */
    struct proof_text name, contact, product, order; /* the first that was said */
    bool personal_gone; /* a personal part that was looked for was erased */
    size_t denials;     /* CLAIM_DENIED events seen */
    int64_t rows;       /* compared */
    Amends__V1__HistoryFinding **findings;
    size_t n_findings; /* at most PROOF_FINDINGS_MAX */
    int64_t n_found;   /* all of them */
    int64_t first_bad_seq;
    bool bad_event;      /* that event is wrong itself; else it shows a row otherwise */
    const char *problem; /* of first_bad_seq; "" = nothing was found */
};

void proof_begin(struct proof *p, const struct case_state *c, const char *tenant,
                 struct arena *arena);
/* `personal` NULL: the event has no personal part (any more). Messages are made in `scratch`. */
void proof_event(struct proof *p, const struct event_row *e,
                 const struct event_private_row *personal, struct arena *scratch);
void proof_end(struct proof *p);

/* Compares the texts of rows, each a row of the part's type; those whose words were not read are
 * left out. */
void proof_words(struct proof *p, enum proof_part part, const struct rows *rows);

/* Adds a finding; the texts are copied. For what the proof itself cannot see. */
void proof_find(struct proof *p, Amends__V1__HistoryFindingKind kind, int64_t seq, const char *row,
                const char *field, const char *problem);
