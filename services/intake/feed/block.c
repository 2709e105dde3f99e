/* SPDX-License-Identifier: Apache-2.0 */
#include "intake/feed/block.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "amends/v1/feed_service.pb-c.h"
#include "base/assert.h"
#include "case/message/message.h"
#include "case/message/private.h"

/* Of texts of one block, and of what is unpacked of one event. */
#define ARENA_BYTES (16u << 20)

/* -- bytes of the contract --------------------------------------------------------------------- */

/* Fields of the contract that hold messages, by their numbers: what is packed already is put in as
 * it is, so that what is stored and hashed is what is sent. */
#define WATCH_EVENTS_RESPONSE_EVENTS 1
#define FEED_EVENT_EVENT 3
#define CASE_EVENT_DETAIL 5
#define CASE_EVENT_PERSONAL 6
#define LENGTH_DELIMITED 2

struct out {
    uint8_t *data;
    size_t len, cap;
};

static uint8_t *out_room(struct out *o, size_t n)
{
    if (o->len + n > o->cap) {
        o->cap = 2 * (o->len + n);
        o->data = realloc(o->data, o->cap);
        AM_ASSERT(o->data != NULL);
    }
    o->len += n;
    return o->data + o->len - n;
}

static size_t varint_size(uint64_t v)
{
    size_t n = 1;
    for (; v >= 0x80; v >>= 7)
        n++;
    return n;
}

static void put_varint(struct out *o, uint64_t v)
{
    for (; v >= 0x80; v >>= 7)
        *out_room(o, 1) = (uint8_t)(v | 0x80);
    *out_room(o, 1) = (uint8_t)v;
}

/* What a field of so many bytes takes; fields below 16 have a tag of one byte. */
static size_t field_size(size_t len)
{
    return 1 + varint_size(len) + len;
}

/* Begins a field whose bytes follow. */
static void put_field(struct out *o, unsigned field, size_t len)
{
    *out_room(o, 1) = (uint8_t)(field << 3 | LENGTH_DELIMITED);
    put_varint(o, len);
}

static void put_bytes(struct out *o, struct slice bytes)
{
    if (bytes.len > 0)
        memcpy(out_room(o, bytes.len), bytes.data, bytes.len);
}

static void put_message(struct out *o, const ProtobufCMessage *m, size_t size)
{
    (void)protobuf_c_message_pack(m, out_room(o, size));
}

/* -- an event ---------------------------------------------------------------------------------- */

/* protobuf-c reads texts and bytes that it packs, and never writes them. */
static void *as_field(const void *constant)
{
    const union {
        const void *in;
        void *out;
    } u = {constant};
    return u.out;
}

static ProtobufCBinaryData bytes_field(struct slice s)
{
    return (ProtobufCBinaryData){.len = s.len, .data = as_field(s.data)};
}

/* Without its detail and its personal part. */
static void fill_event(Amends__V1__CaseEvent *e, Google__Protobuf__Timestamp *time,
                       const struct feed_row *row, enum feed_class class)
{
    const struct event_row *r = &row->event;
    amends__v1__case_event__init(e);
    google__protobuf__timestamp__init(time);
    time->seconds = r->at / US_PER_S;
    time->nanos = (int32_t)(r->at % US_PER_S) * 1000;
    e->sequence = r->seq;
    e->event_time = time;
    e->kind = (Amends__V1__EventKind)r->kind;
    e->actor = as_field(r->actor);
    e->via = as_field(row->via);
    e->erased = class != FEED_THIN && !row->has_personal && r->private_digest.len > 0;
    e->masked = class == FEED_MASKED;
    e->previous_hash = bytes_field(r->prev_hash);
    e->hash = bytes_field(r->hash);
    e->private_digest = bytes_field(r->private_digest);
}

#define EVENT_ID_BYTES (UUID_TEXT_LEN + 24)

static void fill_feed_event(Amends__V1__FeedEvent *f, const struct feed_row *row,
                            char case_id[UUID_TEXT_LEN + 1], char event_id[EVENT_ID_BYTES])
{
    amends__v1__feed_event__init(f);
    (void)uuid_format(&row->at.case_id, case_id);
    (void)snprintf(event_id, EVENT_ID_BYTES, "%s/%lld", case_id, (long long)row->at.seq);
    f->event_id = event_id;
    f->case_id = case_id;
    f->epoch = row->at.epoch;
    f->transaction = row->at.xid;
    f->customer_id = as_field(row->facts.customer_id);
    f->failure_code = as_field(row->facts.failure_code);
    f->level = row->facts.level;
    f->owner_id = as_field(row->facts.owner_id);
}

static void put_event(struct out *o, const struct feed_row *row, enum feed_class class,
                      struct slice personal)
{
    char case_id[UUID_TEXT_LEN + 1], event_id[EVENT_ID_BYTES];
    Google__Protobuf__Timestamp time;
    Amends__V1__CaseEvent e;
    Amends__V1__FeedEvent f;
    fill_event(&e, &time, row, class);
    fill_feed_event(&f, row, case_id, event_id);
    const struct slice detail = row->event.public_body;
    const size_t head = amends__v1__case_event__get_packed_size(&e);
    const size_t event = head + (row->sound ? field_size(detail.len) : 0) +
                         (personal.data ? field_size(personal.len) : 0);
    const size_t feed_head = amends__v1__feed_event__get_packed_size(&f);
    put_field(o, WATCH_EVENTS_RESPONSE_EVENTS, feed_head + field_size(event));
    put_message(o, &f.base, feed_head);
    put_field(o, FEED_EVENT_EVENT, event);
    put_message(o, &e.base, head);
    if (row->sound) {
        put_field(o, CASE_EVENT_DETAIL, detail.len);
        put_bytes(o, detail);
    }
    if (personal.data) {
        put_field(o, CASE_EVENT_PERSONAL, personal.len);
        put_bytes(o, personal);
    }
}

/* -- personal parts ---------------------------------------------------------------------------- */

static void *unpack_alloc(void *arena, size_t size)
{
    return arena_alloc(arena, size);
}

static void unpack_free(void *arena, void *p)
{
    (void)arena;
    (void)p;
}

static Amends__V1__EventPrivate *unpack_personal(const struct feed_row *row, struct arena *arena)
{
    ProtobufCAllocator allocator = {
        .alloc = unpack_alloc, .free = unpack_free, .allocator_data = arena};
    return amends__v1__event_private__unpack(&allocator, row->personal.body.len,
                                             row->personal.body.data);
}

/* The bytes of the personal part for a class; .data NULL = none. `shown`: what the whole one
 * shows. */
static struct slice personal_of(const struct feed_row *row, enum feed_class class,
                                struct arena *scratch, uint32_t *shown)
{
    const struct slice none = slice_of(NULL, 0);
    if (class == FEED_THIN || !row->has_personal)
        return none;
    Amends__V1__EventPrivate *p = unpack_personal(row, scratch);
    if (!p)
        return none;
    if (class == FEED_WHOLE) {
        *shown = private_fields(&p->base);
        return row->personal.body;
    }
    if (!private_mask(&p->base, PRIVATE_CONTACT | PRIVATE_WORDS, scratch))
        return none;
    const size_t size = amends__v1__event_private__get_packed_size(p);
    uint8_t *bytes = arena_alloc(scratch, size + 1);
    if (bytes)
        (void)amends__v1__event_private__pack(p, bytes);
    return slice_of(bytes, size);
}

/* -- the block --------------------------------------------------------------------------------- */

static const char *copy_text(struct arena *arena, const char *text)
{
    char *copy = arena_strdup(arena, text);
    AM_ASSERT(copy != NULL); /* texts of rows are bounded */
    return copy;
}

static void take_facts(struct feed_block *b, const struct rows *feed)
{
    b->events = ARENA_ARRAY(&b->arena, struct block_event, feed->n + 1);
    ROWS_EACH (row, const struct feed_row, feed) {
        struct block_event *e = &b->events[b->n++];
        e->at = row->at;
        e->facts = row->facts;
        e->facts.customer_id = copy_text(&b->arena, row->facts.customer_id);
        e->facts.failure_code = copy_text(&b->arena, row->facts.failure_code);
        e->facts.owner_id = copy_text(&b->arena, row->facts.owner_id);
    }
}

static void make_form(struct feed_block *b, const struct rows *feed, enum feed_class class)
{
    struct out o = {0};
    struct arena scratch;
    if (feed->n == 0)
        return;
    arena_init(&scratch, ARENA_BYTES);
    for (size_t i = 0; i < feed->n; i++) {
        const struct feed_row *row = ROW_AT(feed, const struct feed_row, i);
        put_event(&o, row, class, personal_of(row, class, &scratch, &b->events[i].shown));
        b->events[i].ends[class] = o.len;
        arena_reset(&scratch);
    }
    arena_free(&scratch);
    b->bytes += o.len;
    b->forms[class] = rpc_bytes_take(o.data, o.len);
}

struct feed_block *feed_block_make(const struct store_read *r, unsigned classes)
{
    struct feed_block *b = calloc(1, sizeof *b);
    AM_ASSERT(b != NULL);
    b->refs = 1;
    b->classes = classes;
    b->next = r->feed_now->next;
    b->more = r->feed_now->more;
    arena_init(&b->arena, ARENA_BYTES);
    take_facts(b, &r->feed);
    for (int class = 0; class < FEED_CLASSES; class ++)
        if (classes & FEED_BIT(class))
            make_form(b, &r->feed, (enum feed_class) class);
    return b;
}

void feed_block_hold(struct feed_block *b)
{
    b->refs++;
}

void feed_block_drop(struct feed_block *b)
{
    if (!b || --b->refs > 0)
        return;
    for (int class = 0; class < FEED_CLASSES; class ++)
        rpc_bytes_free(b->forms[class]);
    arena_free(&b->arena);
    free(b);
}

struct rpc_part feed_block_part(const struct feed_block *b, enum feed_class class, size_t i)
{
    const size_t from = i > 0 ? b->events[i - 1].ends[class] : 0;
    return (struct rpc_part){
        .bytes = b->forms[class], .from = from, .len = b->events[i].ends[class] - from};
}

size_t feed_block_find(const struct feed_block *b, const struct feed_position *after)
{
    size_t low = 0, high = b->n;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (feed_position_cmp(&b->events[middle].at, after) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}
