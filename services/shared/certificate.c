/* SPDX-License-Identifier: Apache-2.0 */

#include "shared/certificate.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "amends/v1/privacy_service.pb-c.h"
#include "base/assert.h"
#include "base/digest.h"
#include "contract/timestamp.h"
#include "store/table.h"

static void set(json_t *object, const char *key, json_t *value)
{
    AM_ASSERT(json_object_set_new(object, key, value) == 0);
}

static json_t *time_json(int64_t us, struct arena *arena)
{
    return json_string(timestamp_text(us, arena));
}

static json_t *id_json(const struct uuid *id)
{
    char text[UUID_TEXT_LEN + 1];
    return json_string(uuid_format(id, text));
}

static json_t *hash_json(const uint8_t *hash)
{
    char text[2 * DIGEST_LEN + 1];
    for (size_t i = 0; i < DIGEST_LEN; i++)
        (void)snprintf(text + 2 * i, 3, "%02x", hash[i]);
    return json_string(text);
}

/* "signal.body": everything that is emptied, from the table that says so. */
static json_t *columns_json(void)
{
    json_t *list = json_array();
    char name[128];
    AM_ASSERT(json_array_append_new(list, json_string("recovery_case.earlier_denials")) == 0);
    for (size_t t = 0; t < TABLES; t++)
        for (size_t i = 0; i < tables[t].n_cols; i++) {
            if (!tables[t].cols[i].personal)
                continue;
            (void)snprintf(name, sizeof(name), "%s.%s", tables[t].name, tables[t].cols[i].name);
            AM_ASSERT(json_array_append_new(list, json_string(name)) == 0);
        }
    return list;
}

static json_t *document(const struct erasure_row *row, const struct certified *what,
                        struct arena *arena)
{
    json_t *d = json_object();
    set(d, "format", json_string("amends-erasure-1"));
    set(d, "tenant", json_string(what->tenant));
    set(d, "customerId", json_string(row->customer_id));
    set(d, "erasureId", id_json(&row->erasure_id));
    set(d, "reason", json_string(row->reason));
    set(d, "erasedBy", json_string(row->actor));
    if (row->via[0])
        set(d, "via", json_string(row->via));
    set(d, "beginTime", time_json(row->begun_at, arena));
    set(d, "endTime", time_json(row->ended_at, arena));
    set(d, "cases", json_integer(what->cases));
    set(d, "casesLeftOpen", json_integer(what->left_open));
    set(d, "casesSha256", hash_json(what->cases_sha256));
    if (what->sealed)
        set(d, "keyDestroyed", json_boolean(what->key_destroyed));
    set(d, "erased", columns_json());
    return d;
}

/* Of the exact bytes of the document. */
static void sign(Amends__V1__ErasureCertificate *c, const struct sign_keys *keys,
                 struct arena *arena)
{
    static char ed25519[] = "Ed25519";
    if (!keys || !sign_keys_can_sign(keys))
        return;
    c->signature = (ProtobufCBinaryData){.data = arena_must(arena, SIGN_LEN), .len = SIGN_LEN};
    c->key_id = arena_must(arena, SIGN_KEY_ID_SIZE);
    c->algorithm = ed25519;
    sign_message(keys, c->document.data, c->document.len, c->signature.data);
    sign_key_id(sign_keys_public(keys), c->key_id);
}

struct slice certificate_make(const struct erasure_row *row, const struct certified *what,
                              const struct sign_keys *keys, struct arena *arena)
{
    Amends__V1__ErasureCertificate c = AMENDS__V1__ERASURE_CERTIFICATE__INIT;
    json_t *d = document(row, what, arena);
    char *text = json_dumps(d, JSON_COMPACT);
    AM_ASSERT(text != NULL);
    c.document = (ProtobufCBinaryData){.data = (uint8_t *)text, .len = strlen(text)};
    sign(&c, keys, arena);
    uint8_t *packed = arena_must(arena, amends__v1__erasure_certificate__get_packed_size(&c));
    const size_t len = amends__v1__erasure_certificate__pack(&c, packed);
    free(text);
    json_decref(d);
    return slice_of(packed, len);
}
