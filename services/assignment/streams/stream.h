/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One open stream of an agent: WatchOffers, or WatchWork, which tells of more beside the offers
 * (streams/work_state.h). It knows what its client has been told, and what comes next. First comes
 * how things stand, then a mark, then every change.
 *
 * What a client costs who reads slowly or not at all: one message in flight, the next one is read
 * from PostgreSQL when that has left (rpc_stream_send()); one `seen` an offer that the client was
 * not told of yet, until the stream reaches its greatest age (rpc/server.h); and the bounded state
 * of WatchWork.
 *
 * Threading: io loop's thread. Ownership: made by the hub; frees itself once its call is closed.
 */

#include "assignment/engine/engine.h"
#include "assignment/streams/work_state.h"

struct stream {
    struct list link; /* the hub's, by agent */
    struct assignment *a;
    struct rpc_call *call;
    int64_t tenant_id;
    const char *tenant;   /* lives as long as the tenants */
    const char *agent_id; /* lives in the call's arena */
    struct seen *seen;
    size_t n_seen, cap_seen;
    struct work_state *work; /* NULL: offers only */
    struct own_case telling; /* the case being read, to be told */
    bool snapshot_known;     /* the pending offers have been read */
    bool snapshot_sent;
    bool reading; /* a case, for its offer */
    bool closed;
    struct uuid reading_offer;
    int64_t heartbeat_us, next_beat_us; /* monotonic */
    struct arena arena;                 /* of the message under construction */
    struct store_read read;
    void (*gone)(struct stream *s, void *ctx); /* the call is closed; link is the hub's to remove */
    void *ctx;
};

/* What the client asked for. The token was checked (streams/resume.h). */
struct stream_start {
    int heartbeat_s;
    const char *resume_token;       /* of WatchOffers */
    const struct work_resume *work; /* of WatchWork; NULL = it is a WatchOffers */
};

/* Opens the call as a stream. */
struct stream *stream_open(struct assignment *a, struct rpc_call *call, const struct tenant *t,
                           const char *agent_id, const struct stream_start *start,
                           void (*gone)(struct stream *s, void *ctx), void *ctx);

/* Takes a row of one of the agent's offers. The same row may come again, and an old row may come
 * late. */
void stream_merge(struct stream *s, const struct offer_row *row);

/* All rows of a look were merged: sends what is new. */
void stream_known(struct stream *s);

/* Forgets offers that have ended, were made before this and were told to the client. */
void stream_prune(struct stream *s, int64_t made_before_us);

/* Adds the case and offer ids of the pending offers that this stream has told of. */
void stream_pending(const struct stream *s,
                    void (*each)(void *ctx, const struct uuid *case_id,
                                 const struct uuid *offer_id),
                    void *ctx);

/* Sends a heartbeat when it is time. */
void stream_beat(struct stream *s);
