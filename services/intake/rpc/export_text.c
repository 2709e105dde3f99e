/* SPDX-License-Identifier: Apache-2.0 */

#include "intake/rpc/export.h"

#include <jansson.h>
#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/time.h"
#include "rpc/json.h"

#define CAP_FIRST (64u << 10)

/* What a reader needs who has nothing but the document. */
static const char formula[] =
    "For each event, in order: (1) If it has private and salt, SHA-256(salt || private) must be "
    "privateDigest. With privateDigest and without private the personal part was erased. (2) Take "
    "these byte strings, each behind its length as 4 bytes big-endian: tenant, caseId (text), "
    "sequence (8 bytes big-endian), atMicros (8 bytes big-endian), kindNumber (4 bytes "
    "big-endian), actor, SHA-256(public), privateDigest. SHA-256 of previousHash followed by all "
    "of them must be hash. (3) previousHash must be the hash of the event before; 32 zero bytes "
    "for sequence 1. (4) The last event must have lastSequence and lastHash. public is a packed "
    "protobuf message amends.v1.EventDetail, private an amends.v1.EventPrivate. Bytes are in "
    "base64. signals, contacts and acts are listed newest first.";

void export_text_free(struct export_text *t)
{
    free(t->bytes);
    *t = (struct export_text){.len = 0};
}

void export_text_drop(struct export_text *t, size_t n)
{
    memmove(t->bytes, t->bytes + n, t->len - n);
    t->len -= n;
}

static void put(struct export_text *t, const char *bytes, size_t n)
{
    if (t->len + n > t->cap) {
        size_t cap = t->cap ? t->cap : CAP_FIRST;
        while (cap < t->len + n)
            cap *= 2;
        t->bytes = realloc(t->bytes, cap);
        AM_ASSERT(t->bytes != NULL);
        t->cap = cap;
    }
    memcpy(t->bytes + t->len, bytes, n);
    t->len += n;
}

void export_printf(struct export_text *t, const char *fmt, ...)
{
    char text[256];
    va_list args;
    va_start(args, fmt);
    const int n = vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    AM_ASSERT(n >= 0 && (size_t)n < sizeof(text));
    put(t, text, (size_t)n);
}

static int put_json(const char *bytes, size_t n, void *text)
{
    put(text, bytes, n);
    return 0;
}

static void put_value(struct export_text *t, json_t *value)
{
    AM_ASSERT(value != NULL);
    AM_ASSERT(json_dump_callback(value, put_json, t, JSON_COMPACT | JSON_ENCODE_ANY) == 0);
    json_decref(value);
}

void export_message(struct export_text *t, const ProtobufCMessage *message)
{
    put_value(t, json_from_message(message));
}

void export_item(struct export_text *t, bool more, const ProtobufCMessage *message)
{
    if (more)
        put(t, ",", 1);
    export_message(t, message);
}

static json_t *base64(struct slice bytes)
{
    char *text = malloc((bytes.len + 2) / 3 * 4 + 1);
    AM_ASSERT(text != NULL);
    text[EVP_EncodeBlock((unsigned char *)text, bytes.data, (int)bytes.len)] = '\0';
    json_t *value = json_string(text);
    free(text);
    return value;
}

void export_bytes(struct export_text *t, struct slice bytes)
{
    put_value(t, base64(bytes));
}

static void set(json_t *object, const char *key, json_t *value)
{
    AM_ASSERT(json_object_set_new(object, key, value) == 0);
}

void export_head(struct export_text *t, const char *tenant, const char *customer_id,
                 const char *principal, int64_t now_us)
{
    char time[40];
    json_t *head = json_object();
    json_time_text(now_us / US_PER_S, (int32_t)(now_us % US_PER_S * 1000), time);
    set(head, "format", json_string("amends-export-1"));
    set(head, "verification", json_string(formula));
    set(head, "tenant", json_string(tenant));
    set(head, "customerId", json_string(customer_id));
    set(head, "exportedBy", json_string(principal));
    set(head, "exportTime", json_string(time));
    put_value(t, head);
    t->len--; /* the object goes on */
    export_printf(t, ",\"cases\":[");
}

void export_event(struct export_text *t, bool more, const Amends__V1__CaseEvent *event,
                  const struct event_row *row, const struct event_private_row *p)
{
    json_t *e = json_from_message(&event->base);
    AM_ASSERT(e != NULL);
    set(e, "atMicros", json_integer(row->at));
    set(e, "kindNumber", json_integer(row->kind));
    set(e, "public", base64(row->public_body));
    if (row->private_digest.len > 0)
        set(e, "privateDigest", base64(row->private_digest));
    if (p) {
        set(e, "salt", base64(p->salt));
        set(e, "private", base64(p->body));
    }
    if (more)
        put(t, ",", 1);
    put_value(t, e);
}
