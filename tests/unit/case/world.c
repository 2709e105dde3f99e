/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include <stdlib.h>
#include <string.h>

#include "contract/reasons.h"
#include "contract/word.h"
#include "policy/compile/bundle.h"

#define ARENA_BYTES (256u << 20)
#define TENANT_ID 7
#define TENANT "acme"

struct world *world_new(void)
{
    struct world *w = calloc(1, sizeof(*w));
    assert_non_null(w);
    arena_init(&w->arena, ARENA_BYTES);
    w->policy = policy_default(1);
    w->now_us = WORLD_START_US;
    struct uuid id = {{9}};
    case_state_init(&w->c, TENANT_ID, &id);
    return w;
}

void world_free(struct world *w)
{
    policy_free(w->policy);
    arena_free(&w->arena);
    free(w);
}

static struct uuid make_id(struct world *w)
{
    uint8_t entropy[10] = {0};
    w->made++;
    memcpy(entropy + 4, &w->made, sizeof(w->made));
    return uuid_v7(w->now_us, entropy);
}

char *world_uuid(struct world *w)
{
    struct uuid id = make_id(w);
    return uuid_format(&id, arena_must(&w->arena, UUID_TEXT_LEN + 1));
}

struct agent_row *world_agent(struct world *w, const char *id, int level)
{
    struct agent_row *a = ROWS_ADD(&w->agents, struct agent_row, &w->arena);
    a->row.change = ROW_SAME;
    a->tenant_id = TENANT_ID;
    a->agent_id = id;
    a->version = 1;
    a->display_name = a->public_contact = a->team = a->email = a->notice_language = "";
    a->level = (int16_t)level;
    a->capacity = 10;
    a->skills = "billing:3";
    a->languages = "de en";
    a->authorities = "";
    a->presence = PRESENCE_AVAILABLE;
    a->presence_at = a->idle_since = w->now_us;
    return a;
}

static struct agent_row *find_agent(struct world *w, const char *id)
{
    ROWS_EACH (a, struct agent_row, &w->agents)
        if (id && strcmp(a->agent_id, id) == 0)
            return a;
    return NULL;
}

static const struct dedup_row *find_dedup(const struct world *w, const struct command *cmd)
{
    ROWS_EACH (r, const struct dedup_row, &w->dedups)
        if (strcmp(r->principal, cmd->principal) == 0 && r->method == (int)cmd->kind->method &&
            uuid_eq(&r->request_id, &cmd->request_id))
            return r;
    return NULL;
}

/* -- keeping ----------------------------------------------------------------------------------- */

static void keep(struct world *w, struct rows *to, const void *item, size_t size)
{
    void *row = rows_add(to, size, &w->arena);
    memcpy(row, item, size);
    ((struct row *)row)->change = ROW_SAME;
}

static void keep_all(struct world *w, struct rows *to, const struct rows *from, size_t size)
{
    for (size_t i = 0; i < from->n; i++)
        keep(w, to, (const uint8_t *)from->items + i * size, size);
}

/* Makes written rows the present ones, and removes those that were deleted. */
static void rows_were_written(struct rows *rows, size_t size)
{
    size_t n = 0;
    uint8_t *items = rows->items;
    for (size_t i = 0; i < rows->n; i++) {
        struct row *row = (struct row *)(items + i * size);
        if (row->change == ROW_GONE)
            continue;
        row->change = ROW_SAME;
        if (n != i)
            memcpy(items + n * size, items + i * size, size);
        n++;
    }
    rows->n = n;
}

static void keep_agents(struct world *w)
{
    ROWS_EACH (a, struct agent_row, &w->d.agents_out) {
        struct agent_row *known = find_agent(w, a->agent_id);
        if (!known)
            keep(w, &w->agents, a, sizeof(*a));
        else {
            *known = *a;
            known->row.change = ROW_SAME;
        }
    }
}

/* A row that was stored borrows nothing of the policy any more. */
static const char *keep_text(struct world *w, const char *text)
{
    char *copy = arena_strdup(&w->arena, text);
    assert_non_null(copy);
    return copy;
}

static void keep_clocks(struct world *w)
{
    ROWS_EACH (k, struct clock_row, &w->c.clocks) {
        k->untold = false; /* not stored */
        if (k->row.change == ROW_SAME)
            continue;
        k->name = keep_text(w, k->name);
        k->calendar = keep_text(w, k->calendar);
        k->time_zone = keep_text(w, k->time_zone);
    }
}

void world_commit(struct world *w)
{
    struct case_state *c = &w->c;
    if (c->exists)
        driver_run(&w->d);
    keep_all(w, &w->events, &c->events, sizeof(struct event_row));
    keep_all(w, &w->privates, &c->privates, sizeof(struct event_private_row));
    keep_all(w, &w->escalations, &c->escalations, sizeof(struct escalation_row));
    keep_all(w, &w->notifications, &c->notifications, sizeof(struct notification_row));
    keep_all(w, &w->deliveries, &c->deliveries, sizeof(struct delivery_row));
    c->events = c->privates = c->escalations = c->notifications = c->deliveries = (struct rows){0};
    rows_were_written(&c->signals, sizeof(struct signal_row));
    keep_clocks(w);
    rows_were_written(&c->clocks, sizeof(struct clock_row));
    rows_were_written(&c->contacts, sizeof(struct contact_row));
    rows_were_written(&c->acts, sizeof(struct act_row));
    rows_were_written(&c->remedies, sizeof(struct remedy_row));
    rows_were_written(&c->promises, sizeof(struct promise_row));
    rows_were_written(&c->offers, sizeof(struct offer_row));
    rows_were_written(&c->queue, sizeof(struct queue_row));
    c->row.owner_id = keep_text(w, c->row.owner_id);
    c->row.row.change = ROW_SAME;
    keep_agents(w);
    if (w->d.dedup_out.row.change == ROW_NEW) {
        struct dedup_row kept = w->d.dedup_out;
        uint8_t *hash = arena_must(&w->arena, kept.body_hash.len);
        memcpy(hash, kept.body_hash.data, kept.body_hash.len);
        kept.body_hash.data = hash;
        keep(w, &w->dedups, &kept, sizeof(kept));
    }
}

/* -- running ----------------------------------------------------------------------------------- */

static struct rows copy_rows(struct world *w, const struct rows *from, size_t size)
{
    struct rows copy = {0};
    for (size_t i = 0; i < from->n; i++) {
        void *row = rows_add(&copy, size, &w->arena);
        memcpy(row, (const uint8_t *)from->items + i * size, size);
    }
    return copy;
}

static struct case_state copy_case(struct world *w)
{
    struct case_state copy = w->c;
    copy.signals = copy_rows(w, &w->c.signals, sizeof(struct signal_row));
    copy.clocks = copy_rows(w, &w->c.clocks, sizeof(struct clock_row));
    copy.contacts = copy_rows(w, &w->c.contacts, sizeof(struct contact_row));
    copy.acts = copy_rows(w, &w->c.acts, sizeof(struct act_row));
    copy.promises = copy_rows(w, &w->c.promises, sizeof(struct promise_row));
    copy.remedies = copy_rows(w, &w->c.remedies, sizeof(struct remedy_row));
    copy.offers = copy_rows(w, &w->c.offers, sizeof(struct offer_row));
    copy.queue = copy_rows(w, &w->c.queue, sizeof(struct queue_row));
    return copy;
}

static void begin_decision(struct world *w)
{
    int64_t updated_at = w->c.row.updated_at;
    w->d = (struct decision){.cmd = &w->cmd,
                             .arena = &w->arena,
                             .now_us = w->now_us > updated_at ? w->now_us : updated_at,
                             .shared_now_us = w->now_us - w->test_offset_us,
                             .policy = w->policy,
                             .c = &w->c,
                             .actor = find_agent(w, w->cmd.principal),
                             .agent = find_agent(w, w->cmd.agent_id),
                             .dedup = find_dedup(w, &w->cmd)};
    if (w->cmd.claim.customer_id)
        w->d.other_case_id = w->other_case_id;
}

static struct world *the_world; /* of the command that is decided */

static void make_answer(struct command *cmd, const struct decision *d)
{
    struct world *w = the_world;
    bool has_case = d->c && d->c->exists;
    if (has_case)
        w->case_after = message_case(d->c, true, cmd->arena);
    if (has_case && !w->case_after)
        fault_set(&cmd->fault, FAULT_RESOURCE_EXHAUSTED, ERROR_REASON_TOO_LARGE,
                  "no room for the answer");
    if (d->agents_out.n > 0)
        w->agent_after =
            message_agent(ROW_AT(&d->agents_out, const struct agent_row, 0), cmd->arena);
}

static void begin_command(struct world *w, const struct command_kind *kind, const char *principal)
{
    w->cmd = (struct command){.kind = kind,
                              .arena = &w->arena,
                              .tenant_id = TENANT_ID,
                              .tenant = TENANT,
                              .principal = principal,
                              .seed = make_id(w),
                              .case_id = w->c.row.case_id,
                              .answer = make_answer};
    the_world = w;
    w->case_after = NULL;
    w->agent_after = NULL;
    fault_init(&w->cmd.fault, &w->arena);
}

struct decision *world_decision(struct world *w, const char *principal)
{
    static const struct command_kind none = {.name = "Test"};
    begin_command(w, &none, principal);
    begin_decision(w);
    return &w->d;
}

static void read_request(struct world *w, const ProtobufCMessage *request)
{
    struct fault fault;
    fault_init(&fault, &w->arena);
    command_from_request(&w->cmd, request, &fault);
    if (fault_is_set(&fault))
        fail_msg("the request is not well formed: %s", fault.message);
}

void world_run_with(struct world *w, const struct command_kind *kind, const char *principal,
                    const ProtobufCMessage *request,
                    void (*prepare)(struct command *cmd, void *ctx), void *ctx)
{
    begin_command(w, kind, principal);
    if (request)
        read_request(w, request);
    if (prepare)
        prepare(&w->cmd, ctx);
    do {
        struct case_state before = copy_case(w);
        begin_decision(w);
        command_keys(&w->cmd, &w->keys);
        w->verdict = command_decide(&w->d);
        if (w->verdict != DECISION_WRITE)
            w->c = before;
    } while (w->verdict == DECISION_AGAIN);
    if (w->verdict == DECISION_WRITE)
        world_commit(w);
}

void world_run(struct world *w, const struct command_kind *kind, const char *principal,
               const ProtobufCMessage *request)
{
    world_run_with(w, kind, principal, request, NULL, NULL);
}

/* -- time passes ------------------------------------------------------------------------------- */

static struct clock_row *clock_with_id(struct world *w, const struct uuid *id)
{
    ROWS_EACH (k, struct clock_row, &w->c.clocks)
        if (uuid_eq(&k->clock_id, id))
            return k;
    fail_msg("the clock is gone");
    return NULL;
}

/* The clock that is looked at next, by an instant. Offers have a command of their own. */
static struct clock_row *next_due(struct world *w, int64_t now_us)
{
    struct clock_row *first = NULL;
    ROWS_EACH (k, struct clock_row, &w->c.clocks)
        if (k->next_at != 0 && k->next_at <= now_us && k->kind != CLOCK_KIND_OFFER &&
            (!first || k->next_at < first->next_at))
            first = k;
    return first;
}

/* -- a case ------------------------------------------------------------------------------------ */

static void fill_case(struct world *w)
{
    struct case_row *r = &w->c.row;
    r->row.change = ROW_NEW;
    r->status = CASE_STATUS_OPEN;
    r->customer_id = "c-1";
    r->trigger = TRIGGER_COMPLAINT;
    r->channel = CHANNEL_PHONE;
    r->failure_code = "billing.overcharge";
    r->description = "charged twice";
    r->order_reference = "o-1";
    r->severity = 3;
    r->owner_kind = OWNER_KIND_STEWARD;
    r->owner_id = w->policy->levels[1].steward;
    r->assignment_generation = 1;
    r->level = 1;
    r->round = 1;
    r->policy_version = 1;
    r->owner_since = r->level_since = r->opened_at = r->updated_at = w->now_us;
}

void world_open(struct world *w)
{
    struct decision *d = world_decision(w, "crm");
    fill_case(w);
    w->c.exists = true;
    Amends__V1__EventDetail detail = AMENDS__V1__EVENT_DETAIL__INIT;
    case_event(d, EVENT_KIND_CASE_OPENED, "crm", &detail, NULL);
    world_commit(w);
}

struct world *world_with_case(void)
{
    struct world *w = world_new();
    world_open(w);
    return w;
}

void world_fire(struct world *w, struct clock_row *clock)
{
    struct uuid id = clock->clock_id;
    firing_ask(world_decision(w, SYSTEM_ACTOR), clock);
    world_commit(w);
    assert_true(clock_with_id(w, &id)->next_at == 0 || clock_with_id(w, &id)->next_at > w->now_us);
}

void world_fire_until(struct world *w, int64_t now_us)
{
    for (struct clock_row *k = next_due(w, now_us); k; k = next_due(w, now_us)) {
        w->now_us = k->next_at > w->now_us ? k->next_at : w->now_us;
        world_fire(w, k);
    }
    w->now_us = now_us;
}

void world_own(struct world *w, const char *agent_id)
{
    struct decision *d = world_decision(w, agent_id);
    case_set_owner(d, OWNER_KIND_AGENT, agent_id, NULL, OWNER_ACCEPTED);
    world_commit(w);
}

struct offer_row *world_offer(struct world *w, const char *agent_id)
{
    struct decision *d = world_decision(w, SYSTEM_ACTOR);
    struct offer_row *o = ROWS_ADD(&w->c.offers, struct offer_row, &w->arena);
    o->tenant_id = TENANT_ID;
    o->case_id = w->c.row.case_id;
    o->offer_id = decision_id(d);
    o->agent_id = agent_id;
    o->state = OFFER_STATE_PENDING;
    o->generation = w->c.row.assignment_generation;
    o->weight = 1;
    o->created_at = w->now_us;
    o->expires_at = w->now_us + w->policy->offer_timeout_ms * 1000;
    o->decline_reason = "";
    struct uuid id = o->offer_id;
    (void)clock_start_until(d, CLOCK_KIND_OFFER, &id, w->now_us, o->expires_at);
    world_commit(w);
    return ROW_AT(&w->c.offers, struct offer_row, w->c.offers.n - 1);
}

/* -- looking ----------------------------------------------------------------------------------- */

void assert_written(const struct world *w)
{
    if (w->verdict != DECISION_WRITE || fault_is_set(&w->cmd.fault))
        fail_msg("%s: verdict %d, %s: %s", w->cmd.kind->name, w->verdict,
                 contract_reason(w->cmd.fault.reason), w->cmd.fault.message);
}

void assert_refused(const struct world *w, enum fault_code code, int reason)
{
    const struct fault *f = &w->cmd.fault;
    if (w->verdict != DECISION_ANSWER || f->code != code || f->reason != reason)
        fail_msg("%s: wanted %d %s, got verdict %d, %d %s: %s", w->cmd.kind->name, code,
                 contract_reason(reason), w->verdict, f->code, contract_reason(f->reason),
                 f->message);
}

const char *fault_meta_of(const struct fault *f, const char *key)
{
    for (size_t i = 0; i < f->n_metadata; i++)
        if (strcmp(f->metadata[i].key, key) == 0)
            return f->metadata[i].text;
    fail_msg("no metadata '%s' in %s: %s", key, contract_reason(f->reason), f->message);
    return "";
}

bool fault_has(const struct fault *f, const char *key)
{
    for (size_t i = 0; i < f->n_violations; i++)
        if (strcmp(f->violations[i].key, key) == 0)
            return true;
    return false;
}

const struct event_row *world_event(const struct world *w, size_t from_end)
{
    assert_true(from_end < w->events.n);
    return ROW_AT(&w->events, const struct event_row, w->events.n - 1 - from_end);
}

static void *from_arena(void *arena, size_t size)
{
    return arena_must(arena, size);
}

static void to_arena(void *arena, void *p)
{
    (void)arena;
    (void)p;
}

const Amends__V1__EventDetail *world_detail(struct world *w, const struct event_row *event)
{
    ProtobufCAllocator a = {.alloc = from_arena, .free = to_arena, .allocator_data = &w->arena};
    Amends__V1__EventDetail *detail =
        amends__v1__event_detail__unpack(&a, event->public_body.len, event->public_body.data);
    assert_non_null(detail);
    return detail;
}

static void chain_is_bad(void *ctx, int64_t seq, bool personal, const char *what)
{
    (void)ctx;
    (void)personal;
    fail_msg("event %lld: %s", (long long)seq, what);
}

static const struct event_private_row *personal_part(const struct world *w, int64_t seq)
{
    ROWS_EACH (p, const struct event_private_row, &w->privates)
        if (p->seq == seq && p->row.change != ROW_GONE)
            return p;
    return NULL;
}

void assert_chain_intact(struct world *w)
{
    struct chain_check k = {.problem = chain_is_bad};
    chain_begin(&k, &w->c.row);
    for (size_t i = w->events.n; i-- > 0;) {
        const struct event_row *e = ROW_AT(&w->events, struct event_row, i);
        chain_next(&k, TENANT, e, personal_part(w, e->seq));
    }
    chain_end(&k);
    assert_int_equal(k.events, w->c.row.last_seq);
}

struct proof *world_prove(struct world *w)
{
    struct proof *p = arena_must(&w->arena, sizeof(*p));
    struct arena scratch;
    arena_init(&scratch, 64u << 20);
    w->c.escalations = w->escalations; /* as they are read for a proof */
    proof_begin(p, &w->c, TENANT, &w->arena);
    for (size_t i = w->events.n; i-- > 0;) {
        const struct event_row *e = ROW_AT(&w->events, struct event_row, i);
        proof_event(p, e, personal_part(w, e->seq), &scratch);
    }
    proof_end(p);
    proof_words(p, PROOF_SIGNAL, &w->c.signals);
    proof_words(p, PROOF_CONTACT, &w->c.contacts);
    proof_words(p, PROOF_ACT, &w->c.acts);
    w->c.escalations = (struct rows){0};
    arena_free(&scratch);
    return p;
}
