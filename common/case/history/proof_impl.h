/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the files of the proof share: proof_parts.c knows the parts of a case, proof_find.c keeps
 * what was found, proof_texts.c compares texts of people with the personal parts, proof_steps.c the
 * steps of the ladder, proof.c puts them together.
 *
 * Threading: pure. Ownership: as the proof.
 */

#include "case/history/proof.h"

#define PROOF_ROW_NAME 64

/* A kind of row, and what the first release told of it. */
struct proof_kind {
    const char *name;
    size_t rows_at, row_size, id_at; /* id_at 0: signals have a number */
    bool silent; /* that release changed such rows without an event that shows them */
    /* NULL: the row cannot be read, so it was never written like this. */
    const ProtobufCMessage *(*show)(const void *row, struct arena *arena);
};
extern const struct proof_kind proof_kinds[PROOF_PARTS];

const struct rows *proof_rows(const struct case_state *c, enum proof_part part);
const uint8_t *proof_row(const struct case_state *c, enum proof_part part, size_t i);
/* The place of the row that an event shows by its id, or a signal by its number; the number of rows
 * when there is none. */
size_t proof_find_shown(const struct proof *p, enum proof_part part, const char *id, int number);

/* A message shows no amount without a currency: such a row was never written. */
bool proof_whole_money(const char *currency, int64_t micros);

/* "remedy 0198c0de-..." of the i-th row. */
void proof_row_name(const struct proof *p, enum proof_part part, size_t i,
                    char name[PROOF_ROW_NAME]);
/* The place of the row, not of a signal; the number of rows when there is none. */
size_t proof_find_row(const struct proof *p, enum proof_part part, const struct uuid *id);

/* Finds that a field of the row is not what the event says. */
void proof_differs(struct proof *p, int64_t seq, const char *row, const char *field);
/* Compares and finds the difference. True when they are the same. */
bool proof_compare(struct proof *p, int64_t seq, const char *row, const ProtobufCMessage *is,
                   const ProtobufCMessage *shown);

/* NULL when the bytes are no such message. */
ProtobufCMessage *proof_unpack(const ProtobufCMessageDescriptor *type, struct slice bytes,
                               struct arena *scratch);

/* proof_steps.c: the step of the ladder that the event tells of; and those that none told of. */
void proof_take_step(struct proof *p, const struct event_row *e, const Amends__V1__EventDetail *d,
                     struct arena *scratch);
void proof_end_steps(struct proof *p);

/* The texts that the event's personal part says. */
void proof_take_texts(struct proof *p, const struct event_row *e, const Amends__V1__EventDetail *d,
                      const struct event_private_row *personal, struct arena *scratch);
void proof_end_texts(struct proof *p);
