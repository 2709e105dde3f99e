/* SPDX-License-Identifier: Apache-2.0 */

/* One request: signed, sent, and judged. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/metrics.h"
#include "resolution/webhook/impl.h"

#define STATUS_TIMEOUT 408
#define STATUS_GONE 410
#define STATUS_TOO_EARLY 425
#define STATUS_TOO_MANY 429

struct sending *hook_sending_new(struct webhooks *w, const struct hook_row *row, const char *id,
                                 const char *body, void (*done)(struct http_request *r))
{
    struct sending *s = calloc(1, sizeof *s);
    AM_ASSERT(s != NULL);
    s->body = strdup(body);
    AM_ASSERT(s->body != NULL);
    const struct slice bytes = slice_str(s->body);
    const int64_t now_us = webhooks_now_us(w), now_s = now_us / US_PER_S;
    char signatures[HOOK_KEYS_MAX * HOOK_SIGNATURE_TEXT];
    hook_sign(row->keys, row->n_keys, now_us, id, now_s, bytes, signatures);
    (void)snprintf(s->headers[0], sizeof s->headers[0],
                   "content-type: application/cloudevents+json");
    (void)snprintf(s->headers[1], sizeof s->headers[1], "webhook-id: %s", id);
    (void)snprintf(s->headers[2], sizeof s->headers[2], "webhook-timestamp: %" PRId64, now_s);
    (void)snprintf(s->headers[3], sizeof s->headers[3], "webhook-signature: %s", signatures);
    for (size_t i = 0; i < 4; i++)
        s->request.headers[s->request.n_headers++] = s->headers[i];
    s->url = strdup(row->url);
    AM_ASSERT(s->url != NULL);
    s->request.url = s->url;
    s->request.body = bytes;
    s->request.done = done;
    s->request.ctx = s;
    s->begun_us = time_mono_us();
    list_push_back(&w->sendings, &s->link);
    return s;
}

void hook_sending_free(struct sending *s)
{
    list_remove(&s->link);
    free(s->body);
    free(s->url);
    free(s);
}

/* -- what an answer means ---------------------------------------------------------------------- */

static enum delivery_outcome outcome_of(int32_t status)
{
    if (status / 100 == 2)
        return DELIVERY_TAKEN;
    if (status / 100 != 4 || status == STATUS_TIMEOUT || status == STATUS_GONE ||
        status == STATUS_TOO_EARLY || status == STATUS_TOO_MANY)
        return DELIVERY_FAILED;
    return DELIVERY_REFUSED;
}

struct delivery_answer hook_send_judge(const struct http_request *r)
{
    struct delivery_answer a = {.outcome = DELIVERY_FAILED, .status = r->status, .text = r->text};
    if (r->end != HTTP_ANSWERED)
        return a;
    a.outcome = outcome_of(r->status);
    a.wait_us = r->retry_after_us;
    if (a.outcome == DELIVERY_TAKEN)
        a.text = "";
    else if (r->status / 100 == 3 && !*r->text)
        a.text = "the receiver redirects, which is not followed";
    return a;
}
