/* SPDX-License-Identifier: Apache-2.0 */
#include "case/history/append.h"

#include <string.h>

#include "base/assert.h"
#include "base/digest.h"
#include "case/history/chain.h"
#include "case/history/seal.h"
#include "case/message/message.h"
#include "contract/words.h"

#define SALT_BYTES 16

static struct slice keep_bytes(struct decision *d, const void *data, size_t len)
{
    void *copy = arena_must(d->arena, len);
    if (len > 0)
        memcpy(copy, data, len);
    return slice_of(copy, len);
}

static struct slice pack_message(struct decision *d, const ProtobufCMessage *message)
{
    uint8_t *bytes = arena_must(d->arena, protobuf_c_message_get_packed_size(message));
    return slice_of(bytes, protobuf_c_message_pack(message, bytes));
}

/* The same when the command is decided again, unlike for any other event. The seed is stored
 * nowhere, so that an erased text cannot be guessed against its digest. */
static struct slice salt_of(struct decision *d, int64_t seq)
{
    static const char purpose[] = "event salt";
    uint8_t in[sizeof(purpose) + sizeof(d->cmd->seed.b) + sizeof(seq)];
    uint8_t hash[DIGEST_LEN];
    memcpy(in, purpose, sizeof(purpose));
    memcpy(in + sizeof(purpose), d->cmd->seed.b, sizeof(d->cmd->seed.b));
    memcpy(in + sizeof(purpose) + sizeof(d->cmd->seed.b), &seq, sizeof(seq));
    digest_sha256(in, sizeof(in), hash);
    return keep_bytes(d, hash, SALT_BYTES);
}

/* Writes the personal part and returns its digest; empty when there is nothing personal. */
static struct slice add_private(struct decision *d, int64_t seq,
                                const Amends__V1__EventPrivate *personal)
{
    struct slice body = personal ? pack_message(d, &personal->base) : slice_of(NULL, 0);
    if (body.len == 0)
        return slice_of(NULL, 0);
    struct event_private_row *p = ROWS_ADD(&d->c->privates, struct event_private_row, d->arena);
    p->tenant_id = d->c->row.tenant_id;
    p->case_id = d->c->row.case_id;
    p->seq = seq;
    p->salt = salt_of(d, seq);
    p->body = body;
    uint8_t digest[DIGEST_LEN];
    chain_private_digest(p->salt, p->body, digest);
    return keep_bytes(d, digest, sizeof(digest));
}

static struct slice previous_hash(const struct case_row *row)
{
    static const uint8_t first[DIGEST_LEN];
    return row->last_hash.len > 0 ? row->last_hash : slice_of(first, sizeof(first));
}

/* -- clocks in events ------------------------------------------------------------------------- */

static void show_clock(struct decision *d, Amends__V1__EventDetail *detail,
                       const struct clock_row *clock)
{
    detail->clocks[detail->n_clocks] = message_clock(clock, d->arena);
    AM_ASSERT(detail->clocks[detail->n_clocks] != NULL);
    detail->n_clocks++;
}

static bool is_same_instance(const struct clock_row *a, const struct clock_row *b)
{
    return a && uuid_eq(&a->clock_id, &b->clock_id) && a->instance == b->instance;
}

bool history_has_untold(const struct case_state *c)
{
    ROWS_EACH (clock, const struct clock_row, &c->clocks)
        if (clock->untold)
            return true;
    return false;
}

/* What changed since the event before; and the clock that the event is about, as it was then if it
 * has begun again since. */
static void show_clocks(struct decision *d, Amends__V1__EventDetail *detail,
                        const struct clock_row *about)
{
    size_t n = 1;
    bool goes_on = false;
    ROWS_EACH (clock, const struct clock_row, &d->c->clocks)
        n += clock->untold;
    detail->n_clocks = 0;
    detail->clocks = ARENA_ARRAY(d->arena, Amends__V1__Clock *, n);
    ROWS_EACH (clock, struct clock_row, &d->c->clocks) {
        bool is_subject = is_same_instance(about, clock);
        if (clock->untold || is_subject)
            show_clock(d, detail, clock);
        goes_on = goes_on || is_subject;
        clock->untold = false;
    }
    if (about && !goes_on)
        show_clock(d, detail, about);
}

/* -- events ----------------------------------------------------------------------------------- */

static void describe_case(const struct case_row *row, Amends__V1__EventDetail *detail)
{
    detail->status = (Amends__V1__CaseStatus)row->status;
    detail->severity = row->severity;
    detail->level = row->level;
}

/* What the system does because of a command, it does by itself. */
static void tell_via(const struct decision *d, const struct event *event)
{
    const struct command *cmd = d->cmd;
    if (!command_on_behalf(cmd) || strcmp(event->actor, cmd->principal) != 0)
        return;
    event->detail->via = arena_strdup(d->arena, cmd->via);
    AM_ASSERT(event->detail->via != NULL);
}

void history_append(struct decision *d, const struct event *event)
{
    struct case_row *row = &d->c->row;
    describe_case(row, event->detail);
    tell_via(d, event);
    show_clocks(d, event->detail, event->clock);
    seal_mark_told(d->c, event->detail);
    struct event_row *e = ROWS_ADD(&d->c->events, struct event_row, d->arena);
    e->tenant_id = row->tenant_id;
    e->case_id = row->case_id;
    e->seq = row->last_seq + 1;
    e->at = d->now_us;
    e->kind = (int16_t)event->kind;
    e->actor = event->actor;
    e->public_body = pack_message(d, &event->detail->base);
    e->private_digest = add_private(d, e->seq, event->personal);
    e->prev_hash = previous_hash(row);
    uint8_t hash[DIGEST_LEN];
    chain_hash(d->cmd->tenant, e, hash);
    e->hash = keep_bytes(d, hash, sizeof(hash));
    row->last_seq = e->seq;
    row->last_hash = e->hash;
    row->updated_at = d->now_us;
    row_touch(&row->row);
}
