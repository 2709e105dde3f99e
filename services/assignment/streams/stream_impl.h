/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the two files of a stream share: stream.c (the call, and the offers) and stream_work.c (what
 * WatchWork tells beside them, and its messages).
 *
 * Threading: io loop's thread. Private to assignment/streams. Ownership: the stream's.
 */

#include "amends/v1/work_service.pb-c.h"
#include "assignment/streams/stream.h"

/* Adds the pending offers that the client knows; how many. */
size_t stream_told_offers(const struct stream *s, struct resume_offer told[RESUME_OFFERS_MAX]);

/* Sends a message, whose personal data was shown, and empties the stream's arena. */
void stream_send(struct stream *s, const ProtobufCMessage *message);

/* Masks and records what the message shows. False: it may not be shown. */
bool stream_may_show(struct stream *s, ProtobufCMessage *message);

/* Begins a read of one case as lists show it, with what is next due: read->case_rows. */
void stream_read_case(struct stream *s, const struct uuid *case_id,
                      void (*done)(struct store_read *r));

/* After a read: false when the stream was closed meanwhile, and is gone now, or when nothing can be
 * told of the result; the next look asks again. */
bool stream_read_done(struct stream *s, const struct store_read *r);

/* -- stream_work.c ----------------------------------------------------------------------------- */

/* Tells an offer; `read` has its case while it is pending, NULL = none. */
void stream_work_offer(struct stream *s, const struct offer_row *row,
                       const struct store_read *read);

/* Tells the next thing that is no offer, or begins to read it. False: there is none. */
bool stream_work_next(struct stream *s);

/* Whether the snapshot is complete, once nothing is left to be told. */
bool stream_work_caught_up(const struct stream *s);

/* A message without a change. */
void stream_work_mark(struct stream *s, bool snapshot_complete);
