/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The text of an export: JSON in the spelling of proto3, written into a growing buffer whose
 * beginning is dropped when it was sent.
 *
 * Threading: io loop's thread. Ownership: the buffer is the text's.
 */

#include "amends/v1/event.pb-c.h"
#include "case/model/rows.h"
#include "base/err.h"

struct export_text {
    char *bytes;
    size_t len, cap;
};

void export_text_free(struct export_text *t);
/* Drops the first `n` bytes. */
void export_text_drop(struct export_text *t, size_t n);

void export_printf(struct export_text *t, const char *fmt, ...) AM_PRINTF(2, 3);
/* A message as JSON; with a comma before it when `more`. */
void export_message(struct export_text *t, const ProtobufCMessage *message);
void export_item(struct export_text *t, bool more, const ProtobufCMessage *message);
/* Bytes as a JSON text in base64. */
void export_bytes(struct export_text *t, struct slice bytes);

/* The beginning of the document, up to the list of cases. */
void export_head(struct export_text *t, const char *tenant, const char *customer_id,
                 const char *principal, int64_t now_us);

/* An event with what its hash is made of; `p` NULL = it has no personal part (any more). */
void export_event(struct export_text *t, bool more, const Amends__V1__CaseEvent *event,
                  const struct event_row *row, const struct event_private_row *p);
