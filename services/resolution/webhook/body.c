/* SPDX-License-Identifier: Apache-2.0 */

/* What is sent: CloudEvents in JSON. */

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "amends/v1/webhook_service.pb-c.h"
#include "case/message/message.h"
#include "case/message/private.h"
#include "contract/words.h"
#include "contract/word.h"
#include "resolution/mail/compose.h"
#include "resolution/webhook/impl.h"
#include "rpc/json.h"
#include "shared/access.h"
#include "shared/feed_token.h"

#define DETAIL_BYTES_MAX (256u << 10) /* a longer body comes without its detail */

void hook_body_event_id(const struct uuid *case_id, int64_t seq, char out[HOOK_EVENT_ID])
{
    char id[UUID_TEXT_LEN + 1];
    (void)snprintf(out, HOOK_EVENT_ID, "%s/%" PRId64, uuid_format(case_id, id), seq);
}

static void set(json_t *to, const char *name, json_t *value)
{
    AM_ASSERT(value != NULL && json_object_set_new(to, name, value) == 0);
}

/* The attributes that all have. */
static json_t *envelope(const struct hook_row *hook, const char *id, const char *type,
                        int64_t at_us)
{
    char time[40], source[96];
    json_t *e = json_object();
    AM_ASSERT(e != NULL);
    json_time_text(at_us / US_PER_S, (int32_t)(at_us % US_PER_S) * 1000, time);
    (void)snprintf(source, sizeof source, "amends/%s", hook->tenant);
    set(e, "specversion", json_string("1.0"));
    set(e, "id", json_string(id));
    set(e, "source", json_string(source));
    set(e, "type", json_string(type));
    set(e, "time", json_string(time));
    set(e, "datacontenttype", json_string("application/json"));
    return e;
}

static const char *text_of(json_t *e, struct arena *arena)
{
    char *text = json_dumps(e, JSON_COMPACT);
    AM_ASSERT(text != NULL);
    const char *copy = arena_strdup(arena, text);
    free(text);
    json_decref(e);
    return copy;
}

/* -- events ------------------------------------------------------------------------------------ */

/* What is shown is recorded, or not shown. */
static bool note_shown(const struct service *s, const struct hook_row *hook,
                       const struct feed_row *row, const Amends__V1__CaseEvent *e)
{
    char who[HOOK_ID_MAX + 16];
    const uint32_t fields = private_fields(&e->base);
    (void)snprintf(who, sizeof who, "webhook:%s", hook->webhook_id);
    const struct shown shown = {.tenant_id = hook->tenant_id,
                                .principal = who,
                                .via = "",
                                .method = "Webhook",
                                .case_id = row->at.case_id,
                                .customer_id = row->facts.customer_id,
                                .fields = fields};
    return fields == 0 || !s->access || access_note(s->access, &shown);
}

/* NULL when the arena is full, or what is personal cannot be recorded now. */
static Amends__V1__CaseEvent *message_of(const struct service *s, const struct hook_row *hook,
                                         const struct feed_row *row, struct arena *arena)
{
    const bool personal = hook->personal && row->has_personal;
    Amends__V1__CaseEvent *e = message_event(&row->event, personal ? &row->personal : NULL, arena);
    if (!e)
        return NULL;
    if (!hook->personal) {
        e->erased = false; /* it may be: nobody looked */
        e->masked = row->event.private_digest.len > 0;
    }
    return !personal || note_shown(s, hook, row, e) ? e : NULL;
}

static const char *type_of(int kind, char out[80])
{
    (void)snprintf(out, 80, "amends.v1.EVENT_KIND_%s", contract_word(EVENT_KIND_WORDS, kind));
    return out;
}

const char *hook_body_event(const struct service *s, const struct hook_row *hook,
                            const struct feed_row *row, int32_t epoch, struct arena *arena)
{
    char id[HOOK_EVENT_ID], type[80], case_id[UUID_TEXT_LEN + 1], seq[24];
    char cursor[FEED_TOKEN_TEXT + 1];
    const int64_t now_us = time_now_us(loop_time(s->loop));
    Amends__V1__CaseEvent *m = message_of(s, hook, row, arena);
    if (!m)
        return NULL;
    if (row->event.public_body.len > DETAIL_BYTES_MAX)
        m->detail = NULL;
    hook_body_event_id(&row->at.case_id, row->at.seq, id);
    (void)snprintf(seq, sizeof seq, "%" PRId64, row->at.seq);
    json_t *e = envelope(hook, id, type_of(row->event.kind, type), row->event.at);
    set(e, "subject", json_string(uuid_format(&row->at.case_id, case_id)));
    set(e, "sequence", json_string(seq));
    const struct feed_token token = {.tenant_epoch = epoch, .given_us = now_us, .at = row->at};
    feed_token_write(s, hook->tenant_id, &token, cursor);
    set(e, "amendscursor", json_string(cursor));
    set(e, "data", json_from_message(&m->base));
    return text_of(e, arena);
}

const char *hook_body_out_of_order(const char *body, struct arena *arena)
{
    return arena_printf(arena, "{\"amendsoutoforder\":true,%s", body + 1);
}

/* -- others ------------------------------------------------------------------------------------ */

const char *hook_body_test(const struct hook_row *hook, const char *id, int64_t now_us,
                           struct arena *arena)
{
    json_t *e = envelope(hook, id, "amends.v1.TEST", now_us), *data = json_object();
    AM_ASSERT(data != NULL);
    set(data, "webhookId", json_string(hook->webhook_id));
    set(e, "data", data);
    return text_of(e, arena);
}

static void add_extras(Amends__V1__WebhookNotification *m, const struct hook_row *hook,
                       const struct notification_row *n, const char *reference, const char *link,
                       struct arena *arena)
{
    char case_id[UUID_TEXT_LEN + 1];
    const char *called = *reference ? reference : uuid_format(&n->case_id, case_id);
    m->notification = message_notification(n, arena);
    m->case_reference = arena_strdup(arena, reference);
    m->link = (char *)(uintptr_t)mail_link(link, &n->case_id, called, hook->tenant, arena);
}

const char *hook_body_notification(const struct hook_row *hook,
                                   const struct notification_row *notification,
                                   const char *reference, const char *link, struct arena *arena)
{
    char id[UUID_TEXT_LEN + 1], case_id[UUID_TEXT_LEN + 1];
    Amends__V1__WebhookNotification m = AMENDS__V1__WEBHOOK_NOTIFICATION__INIT;
    add_extras(&m, hook, notification, reference, link, arena);
    if (!m.notification || !m.case_reference || !m.link)
        return NULL;
    json_t *e = envelope(hook, uuid_format(&notification->notification_id, id),
                         "amends.v1.NOTIFICATION", notification->created_at);
    set(e, "subject", json_string(uuid_format(&notification->case_id, case_id)));
    set(e, "data", json_from_message(&m.base));
    return text_of(e, arena);
}
