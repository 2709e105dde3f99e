/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/admission.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/time.h"
#include "io/rates.h"
#include "rpc/meter.h"
#include "rpc/caller/principal.h"

#define BURST_S 2    /* what was not used for so long may be used at once */
#define BUCKETS 4096 /* a power of two; chains stay short at the default limits */

/* How many calls and streams one tenant, or one principal of it, has open. It is freed when there
 * is none. */
struct admission_use {
    struct admission_use *next;
    uint32_t hash;
    unsigned calls;
    unsigned streams;
    _Atomic size_t unsent;                                 /* bytes of a tenant's answers */
    char key[PRINCIPAL_TENANT_MAX + PRINCIPAL_ID_MAX + 2]; /* tenant, or "tenant/principal" */
};

struct admission {
    const struct rpc_limits *limits;
    unsigned calls;
    unsigned streams;
    _Atomic size_t unsent;
    uint32_t hash_seed;
    uint32_t jitter;
    struct rates *tenants, *principals;
    struct admission_use *buckets[BUCKETS];
};

struct admission *admission_new(const struct rpc_limits *limits)
{
    struct admission *a = calloc(1, sizeof(*a));
    AM_ASSERT(a != NULL);
    a->limits = limits;
    a->tenants = rates_new(limits->calls_tenant_s, BURST_S * limits->calls_tenant_s);
    a->principals = rates_new(limits->calls_principal_s, BURST_S * limits->calls_principal_s);
    a->hash_seed = (uint32_t)time_mono_us();
    a->jitter = a->hash_seed | 1;
    return a;
}

void admission_free(struct admission *a)
{
    AM_ASSERT(a->calls == 0 && a->streams == 0);
    rates_free(a->tenants);
    rates_free(a->principals);
    free(a);
}

/* FNV-1a that begins with a number which outsiders do not know. */
static uint32_t hash_of(const struct admission *a, const char *key)
{
    uint32_t h = 2166136261u ^ a->hash_seed;
    for (; *key; key++)
        h = (h ^ (unsigned char)*key) * 16777619u;
    return h;
}

static struct admission_use *find_or_add(struct admission *a, const char *key)
{
    uint32_t hash = hash_of(a, key);
    struct admission_use **bucket = &a->buckets[hash % BUCKETS];
    for (struct admission_use *u = *bucket; u; u = u->next)
        if (u->hash == hash && strcmp(u->key, key) == 0)
            return u;
    struct admission_use *u = calloc(1, sizeof(*u));
    AM_ASSERT(u != NULL);
    AM_ASSERT(strlen(key) < sizeof(u->key));
    memcpy(u->key, key, strlen(key) + 1);
    u->hash = hash;
    u->next = *bucket;
    *bucket = u;
    return u;
}

static void drop_if_unused(struct admission *a, struct admission_use *u)
{
    if (!u || u->calls > 0 || u->streams > 0)
        return;
    struct admission_use **at = &a->buckets[u->hash % BUCKETS];
    while (*at != u)
        at = &(*at)->next;
    *at = u->next;
    free(u);
}

struct key {
    char text[sizeof(((struct admission_ticket *)NULL)->caller)];
};
_Static_assert(sizeof(struct key) <= RATES_NAME_BYTES, "rates keep the whole key");

/* The key is "tenant/principal". A tenant's name has no slash, so it cannot be the key of another
 * tenant's principal. */
static struct key key_of(const char *tenant, const char *id)
{
    struct key key = {{0}};
    const size_t tenant_len = strlen(tenant), id_len = strlen(id);
    AM_ASSERT(tenant_len + id_len + 2 <= sizeof(key.text));
    memcpy(key.text, tenant, tenant_len);
    key.text[tenant_len] = '/';
    memcpy(key.text + tenant_len + 1, id, id_len + 1);
    return key;
}

static struct admission_use *principal_use(struct admission *a, const struct rpc_principal *p)
{
    const struct key key = key_of(p->tenant, p->id);
    return find_or_add(a, key.text);
}

static enum admission_verdict judge_unsent(struct admission *a, struct admission_use *t)
{
    const size_t most = a->limits->unsent_bytes, unsent = atomic_load(&a->unsent);
    if (unsent >= most)
        return ADMISSION_UNSENT;
    return atomic_load(&t->unsent) > most - unsent ? ADMISSION_UNSENT_TENANT : ADMISSION_OK;
}

static enum admission_verdict judge_call(struct admission *a, struct admission_use *t)
{
    if (a->calls >= a->limits->live_calls)
        return ADMISSION_CALLS;
    if (t->calls >= a->limits->live_calls_tenant || t->calls >= a->limits->live_calls - a->calls)
        return ADMISSION_CALLS_TENANT;
    return judge_unsent(a, t);
}

static enum admission_verdict judge_stream(const struct admission *a, const struct admission_use *t,
                                           const struct admission_use *p)
{
    if (a->streams >= a->limits->streams)
        return ADMISSION_STREAMS;
    if (t->streams >= a->limits->streams_tenant)
        return ADMISSION_STREAMS_TENANT;
    return p->streams >= a->limits->streams_principal ? ADMISSION_STREAMS_PRINCIPAL : ADMISSION_OK;
}

/* -- rates ------------------------------------------------------------------------------------- */

/* Whoever acts for others calls by itself: its own rate is meant, whomever it acts for. */
static struct key caller_of(const struct admission_call *call)
{
    return key_of(call->principal->tenant, call->principal->via);
}

static int64_t tenant_wait_us(const struct admission *a, const struct admission_call *call)
{
    return rates_wait_us(a->tenants, call->principal->tenant, call->now_us);
}

static int64_t principal_wait_us(const struct admission *a, const struct admission_call *call)
{
    const struct key key = caller_of(call);
    return rates_wait_us(a->principals, key.text, call->now_us);
}

static enum admission_verdict judge_rate(const struct admission *a,
                                         const struct admission_call *call)
{
    if (call->price == 0)
        return ADMISSION_OK;
    if (principal_wait_us(a, call) > 0)
        return ADMISSION_RATE_PRINCIPAL;
    return tenant_wait_us(a, call) > 0 ? ADMISSION_RATE_TENANT : ADMISSION_OK;
}

void admission_charge(struct admission *a, const struct admission_ticket *ticket, uint32_t more,
                      int64_t now_us)
{
    if (!ticket->held || !ticket->priced)
        return;
    rates_use(a->principals, ticket->caller, more, now_us);
    rates_use(a->tenants, ticket->tenant->key, more, now_us);
}

/* -- entering and leaving ---------------------------------------------------------------------- */

static void count(struct admission *a, struct admission_ticket *t, int by)
{
    if (t->stream) {
        a->streams += (unsigned)by;
        t->tenant->streams += (unsigned)by;
        t->principal->streams += (unsigned)by;
    } else {
        a->calls += (unsigned)by;
        t->tenant->calls += (unsigned)by;
    }
}

enum admission_verdict admission_enter(struct admission *a, const struct admission_call *call,
                                       struct admission_ticket *ticket)
{
    struct admission_ticket t = {
        .held = true, .stream = call->kind != RPC_UNARY, .priced = call->price > 0};
    t.tenant = find_or_add(a, call->principal->tenant);
    t.principal = t.stream ? principal_use(a, call->principal) : NULL;
    enum admission_verdict verdict =
        t.stream ? judge_stream(a, t.tenant, t.principal) : judge_call(a, t.tenant);
    if (verdict == ADMISSION_OK)
        verdict = judge_rate(a, call);
    if (verdict == ADMISSION_OK) {
        const struct key caller = caller_of(call);
        memcpy(t.caller, caller.text, sizeof(t.caller));
        admission_charge(a, &t, call->price, call->now_us);
        count(a, &t, 1);
        *ticket = t;
    } else {
        drop_if_unused(a, t.tenant);
        drop_if_unused(a, t.principal);
    }
    return verdict;
}

void admission_leave(struct admission *a, struct admission_ticket *ticket)
{
    struct admission_ticket t = *ticket;
    if (!t.held)
        return;
    *ticket = (struct admission_ticket){0};
    count(a, &t, -1);
    drop_if_unused(a, t.tenant);
    drop_if_unused(a, t.principal);
}

void admission_sends(struct admission *a, const struct admission_ticket *ticket, size_t bytes)
{
    if (!ticket->held)
        return;
    atomic_fetch_add(&a->unsent, bytes);
    atomic_fetch_add(&ticket->tenant->unsent, bytes);
    meter_unsent((int64_t)bytes);
}

void admission_sent(struct admission *a, const struct admission_ticket *ticket, size_t bytes)
{
    if (!ticket->held)
        return;
    atomic_fetch_sub(&a->unsent, bytes);
    atomic_fetch_sub(&ticket->tenant->unsent, bytes);
    meter_unsent(-(int64_t)bytes);
}

const char *admission_text(enum admission_verdict verdict)
{
    static const char *const texts[] = {
        "",
        "the server has as many calls as it takes",
        "the tenant has as many calls as it may have",
        "the server has as many bytes of answers that were not read yet as it holds",
        "the tenant has as many bytes of answers that its clients did not read yet as it may have",
        "the server has as many streams as it takes",
        "the tenant has as many streams as it may have",
        "the principal has as many streams as it may have",
        "the tenant makes more calls a second than it may",
        "the principal makes more calls a second than it may",
    };
    _Static_assert(sizeof(texts) / sizeof(texts[0]) == ADMISSION_VERDICTS,
                   "each verdict has a text");
    return texts[verdict];
}

uint32_t admission_retry_ms(struct admission *a, enum admission_verdict verdict,
                            const struct admission_call *call)
{
    int64_t wait_us = 0;
    if (verdict == ADMISSION_RATE_TENANT)
        wait_us = tenant_wait_us(a, call);
    else if (verdict == ADMISSION_RATE_PRINCIPAL)
        wait_us = principal_wait_us(a, call);

    /* xorshift32: never zero, and good enough to spread clients. */
    a->jitter ^= a->jitter << 13;
    a->jitter ^= a->jitter >> 17;
    a->jitter ^= a->jitter << 5;
    return (uint32_t)(wait_us / US_PER_MS) + 100 + a->jitter % 400;
}
