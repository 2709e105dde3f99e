/* SPDX-License-Identifier: Apache-2.0 */

/* What all commands share: the order of outcomes, replay, the body's hash, the keys. */

#include <string.h>

#include "amends/v1/intake_service.pb-c.h"
#include "contract/reasons.h"
#include "world.h"

/* A kind that records an act with an id of its own, so that replays and ids can be looked at. */
static void probe_decide(struct decision *d)
{
    Amends__V1__EventDetail detail = AMENDS__V1__EVENT_DETAIL__INIT;
    d->cmd->result_id = decision_id(d);
    case_event(d, EVENT_KIND_ACT_RECORDED, d->cmd->principal, &detail, NULL);
}

static void nothing_decide(struct decision *d)
{
    (void)d;
}

static const struct command_kind probe = {.name = "Probe",
                                          .method = METHOD_RECORD_ACT,
                                          .needs_case = true,
                                          .agents_only = true,
                                          .decide = probe_decide};
static const struct command_kind owners_probe = {.name = "OwnersProbe",
                                                 .method = METHOD_RESOLVE_CASE,
                                                 .needs_case = true,
                                                 .owner_only = true,
                                                 .decide = probe_decide};
static const struct command_kind stale_timer = {
    .name = "StaleTimer", .needs_case = true, .decide = nothing_decide};

static Amends__V1__RecordActRequest *act_request(struct world *w)
{
    static Amends__V1__RecordActRequest r;
    char *id = arena_must(&w->arena, UUID_TEXT_LEN + 1);
    amends__v1__record_act_request__init(&r);
    r.request_id = world_uuid(w);
    r.case_id = uuid_format(&w->c.row.case_id, id);
    r.kind = AMENDS__V1__ACT_KIND__ACT_KIND_APOLOGY;
    return &r;
}

static struct world *begin(void)
{
    struct world *w = world_with_case();
    (void)world_agent(w, "ann", 1);
    return w;
}

static void a_replay_answers_with_what_was_made(void **state)
{
    (void)state;
    struct world *w = begin();
    Amends__V1__RecordActRequest *r = act_request(w);
    world_run(w, &probe, "ann", &r->base);
    assert_written(w);
    struct uuid made = w->cmd.result_id;
    size_t events = w->events.n;
    world_run(w, &probe, "ann", &act_request(w)->base); /* moves on */
    *r = *act_request(w);
    r->request_id = uuid_format(&ROW_AT(&w->dedups, struct dedup_row, 0)->request_id,
                                arena_must(&w->arena, UUID_TEXT_LEN + 1));
    world_run(w, &probe, "ann", &r->base);
    assert_int_equal(w->verdict, DECISION_ANSWER);
    assert_false(fault_is_set(&w->cmd.fault));
    assert_true(w->cmd.replayed);
    assert_true(uuid_eq(&w->cmd.result_id, &made));
    assert_true(uuid_eq(&w->cmd.result_case_id, &w->c.row.case_id));
    const Amends__V1__Case *shown = w->case_after;
    assert_int_equal(shown->version, w->c.row.last_seq); /* as it is now */
    assert_int_equal(w->events.n, events + 1);
    world_free(w);
}

static void a_dedup_row_has_the_result_and_the_clusters_time(void **state)
{
    (void)state;
    struct world *w = begin();
    w->test_offset_us = 40 * DAY_US;
    world_run(w, &probe, "ann", &act_request(w)->base);
    const struct dedup_row *r = ROW_AT(&w->dedups, struct dedup_row, 0);
    assert_int_equal(r->created_at, w->now_us - 40 * DAY_US);
    assert_int_equal(r->method, METHOD_RECORD_ACT);
    assert_int_equal(r->version, w->c.row.last_seq);
    assert_true(uuid_eq(&r->case_id, &w->c.row.case_id));
    assert_true(uuid_eq(&r->result_id, &w->cmd.result_id));
    assert_string_equal(r->principal, "ann");
    world_free(w);
}

static void a_replay_comes_before_everything_else(void **state)
{
    (void)state;
    struct world *w = begin();
    Amends__V1__RecordActRequest *r = act_request(w);
    world_run(w, &probe, "ann", &r->base);
    assert_written(w);
    w->c.row.status = CASE_STATUS_CLOSED;
    w->agents.n = 0; /* no agent any more */
    world_run(w, &probe, "ann", &r->base);
    assert_true(w->cmd.replayed);
    world_free(w);
}

static void another_body_is_refused(void **state)
{
    (void)state;
    struct world *w = begin();
    Amends__V1__RecordActRequest *r = act_request(w);
    world_run(w, &probe, "ann", &r->base);
    char words[] = "so sorry";
    r->note = words;
    world_run(w, &probe, "ann", &r->base);
    assert_refused(w, FAULT_ALREADY_EXISTS, ERROR_REASON_REQUEST_ID_REUSED);
    assert_false(w->cmd.replayed);
    world_free(w);
}

static void a_refused_call_may_be_retried_with_its_id(void **state)
{
    (void)state;
    struct world *w = begin();
    Amends__V1__RecordActRequest *r = act_request(w);
    world_run(w, &probe, "crm", &r->base);
    assert_refused(w, FAULT_PERMISSION_DENIED, ERROR_REASON_NOT_AN_AGENT);
    assert_int_equal(w->dedups.n, 0);
    (void)world_agent(w, "crm", 1);
    world_run(w, &probe, "crm", &r->base);
    assert_written(w);
    assert_int_equal(w->dedups.n, 1);
    world_free(w);
}

static void unknown_case(void **state)
{
    (void)state;
    struct world *w = begin();
    w->c.exists = false;
    Amends__V1__RecordActRequest *r = act_request(w);
    world_run(w, &probe, "crm", &r->base); /* not found comes before not an agent */
    assert_refused(w, FAULT_NOT_FOUND, ERROR_REASON_CASE_NOT_FOUND);
    assert_string_equal(fault_meta_of(&w->cmd.fault, "case_id"), r->case_id);
    world_free(w);
}

static void permission_comes_before_the_version(void **state)
{
    (void)state;
    struct world *w = begin();
    Amends__V1__ResolveCaseRequest r = AMENDS__V1__RESOLVE_CASE_REQUEST__INIT;
    r.request_id = world_uuid(w);
    r.case_id = act_request(w)->case_id;
    r.expected_version = 99;
    world_run(w, &owners_probe, "crm", &r.base);
    assert_refused(w, FAULT_PERMISSION_DENIED, ERROR_REASON_NOT_AN_AGENT);
    world_run(w, &owners_probe, "ann", &r.base);
    assert_refused(w, FAULT_PERMISSION_DENIED, ERROR_REASON_NOT_THE_OWNER);
    world_own(w, "ann");
    world_run(w, &owners_probe, "ann", &r.base);
    assert_refused(w, FAULT_ABORTED, ERROR_REASON_VERSION_MISMATCH);
    assert_string_equal(fault_meta_of(&w->cmd.fault, "current_version"), "2");
    r.expected_version = w->c.row.last_seq;
    world_run(w, &owners_probe, "ann", &r.base);
    assert_written(w);
    world_free(w);
}

static void version_zero_is_unchecked(void **state)
{
    (void)state;
    struct world *w = begin();
    world_own(w, "ann");
    Amends__V1__ResolveCaseRequest r = AMENDS__V1__RESOLVE_CASE_REQUEST__INIT;
    r.request_id = world_uuid(w);
    r.case_id = act_request(w)->case_id;
    world_run(w, &owners_probe, "ann", &r.base);
    assert_written(w);
    world_free(w);
}

static void nothing_to_write_is_answered_at_once(void **state)
{
    (void)state;
    struct world *w = begin();
    world_run(w, &stale_timer, SYSTEM_ACTOR, NULL);
    assert_int_equal(w->verdict, DECISION_ANSWER);
    assert_false(fault_is_set(&w->cmd.fault));
    assert_int_equal(w->dedups.n, 0);
    world_free(w);
}

static void fixed_seed(struct command *cmd, void *ctx)
{
    cmd->seed = *(const struct uuid *)ctx;
}

static void deciding_again_gives_the_same_ids_and_hashes(void **state)
{
    (void)state;
    struct uuid seed = {{1, 2, 3, 4, 5, 6, 0x70, 7, 0x80, 8}};
    uint8_t heads[2][32];
    struct uuid ids[2];
    for (int i = 0; i < 2; i++) {
        struct world *w = begin();
        world_run_with(w, &probe, "ann", &act_request(w)->base, fixed_seed, &seed);
        assert_written(w);
        ids[i] = w->cmd.result_id;
        memcpy(heads[i], w->c.row.last_hash.data, 32);
        world_free(w);
    }
    assert_true(uuid_eq(&ids[0], &ids[1]));
    assert_memory_equal(heads[0], heads[1], 32);
}

static void a_full_response_arena_refuses_without_writing(void **state)
{
    (void)state;
    struct world *w = begin();
    struct arena tiny;
    arena_init(&tiny, 3000);
    w->cmd.arena = &tiny;
    struct decision *d = world_decision(w, "ann");
    struct command *cmd = d->cmd;
    cmd->kind = &probe;
    cmd->arena = &tiny;
    while (arena_alloc(&tiny, 16)) {
    }
    d->actor = ROW_AT(&w->agents, struct agent_row, 0);
    assert_int_equal(command_decide(d), DECISION_ANSWER);
    assert_int_equal(cmd->fault.code, FAULT_RESOURCE_EXHAUSTED);
    assert_int_equal(cmd->fault.reason, ERROR_REASON_TOO_LARGE);
    arena_free(&tiny);
    world_free(w);
}

/* -- requests ---------------------------------------------------------------------------------- */

static struct command from(struct world *w, const ProtobufCMessage *request, struct fault *fault)
{
    struct command cmd = {
        .kind = &probe, .arena = &w->arena, .tenant_id = 7, .principal = "ann", .seed = {{1}}};
    fault_init(fault, &w->arena);
    command_from_request(&cmd, request, fault);
    return cmd;
}

static void hash_is_of_the_body_without_the_request_id(void **state)
{
    (void)state;
    struct world *w = begin();
    struct fault f;
    Amends__V1__RecordActRequest *r = act_request(w);
    char *first_id = r->request_id;
    struct command one = from(w, &r->base, &f);
    assert_ptr_equal(r->request_id, first_id); /* the request itself is untouched */
    r->request_id = world_uuid(w);
    struct command two = from(w, &r->base, &f);
    assert_memory_equal(one.body_hash, two.body_hash, 32);
    assert_false(uuid_eq(&one.request_id, &two.request_id));
    char words[] = "x";
    r->note = words;
    struct command three = from(w, &r->base, &f);
    assert_memory_not_equal(one.body_hash, three.body_hash, 32);
    assert_false(fault_is_set(&f));
    world_free(w);
}

/* Only on another's behalf: rows of callers for themselves keep the hash that they have. */
static void hash_is_another_on_anothers_behalf(void **state)
{
    (void)state;
    struct world *w = begin();
    struct fault f;
    Amends__V1__RecordActRequest *r = act_request(w);
    struct command own = from(w, &r->base, &f);
    struct command cmd = own;
    cmd.via = "ann";
    command_from_request(&cmd, &r->base, &f);
    assert_memory_equal(own.body_hash, cmd.body_hash, 32);
    cmd.via = "crm";
    command_from_request(&cmd, &r->base, &f);
    assert_memory_not_equal(own.body_hash, cmd.body_hash, 32);
    struct command other = cmd;
    other.principal = "bob";
    command_from_request(&other, &r->base, &f);
    assert_memory_not_equal(cmd.body_hash, other.body_hash, 32);
    world_free(w);
}

static void ids_that_are_none_are_all_told_once(void **state)
{
    (void)state;
    struct world *w = begin();
    struct fault f;
    Amends__V1__RecordActRequest r = AMENDS__V1__RECORD_ACT_REQUEST__INIT;
    char bad[] = "not-a-uuid";
    r.case_id = bad;
    (void)from(w, &r.base, &f);
    assert_int_equal(f.n_violations, 2);
    assert_true(fault_has(&f, "request_id"));
    assert_true(fault_has(&f, "case_id"));
    struct command cmd = {.kind = &probe, .arena = &w->arena};
    command_from_request(&cmd, &r.base, &f);
    assert_int_equal(f.n_violations, 2);
    world_free(w);
}

static void requests_without_ids_are_fine(void **state)
{
    (void)state;
    struct world *w = begin();
    struct fault f;
    Amends__V1__ListCasesRequest r = AMENDS__V1__LIST_CASES_REQUEST__INIT;
    struct command cmd = from(w, &r.base, &f);
    assert_false(fault_is_set(&f));
    assert_true(uuid_is_zero(&cmd.request_id));
    assert_true(uuid_is_zero(&cmd.case_id));
    world_free(w);
}

/* -- keys -------------------------------------------------------------------------------------- */

static bool has_key(const struct command_keys *keys, uint64_t key)
{
    for (size_t i = 0; i < keys->n; i++)
        if (keys->keys[i] == key)
            return true;
    return false;
}

static struct command_keys keys_of(const struct command *cmd)
{
    struct command_keys keys;
    command_keys(cmd, &keys);
    return keys;
}

static void a_command_locks_its_request_its_case_and_its_agent(void **state)
{
    (void)state;
    struct world *w = begin();
    struct fault f;
    struct command a = from(w, &act_request(w)->base, &f);
    struct command_keys first = keys_of(&a);
    assert_int_equal(first.n, 2);
    struct command b = from(w, &act_request(w)->base, &f);
    b.agent_id = "ann";
    struct command_keys second = keys_of(&b);
    assert_int_equal(second.n, 3);
    assert_false(has_key(&second, first.keys[0])); /* another request */
    assert_true(has_key(&second, first.keys[1]));  /* the same case */
    b.tenant_id = 8;
    second = keys_of(&b);
    assert_false(has_key(&second, first.keys[1])); /* another tenant's case of the same id */
    b = a;
    b.principal = "bob";
    second = keys_of(&b);
    assert_false(has_key(&second, first.keys[0])); /* request ids are the principal's own */
    world_free(w);
}

static void system_commands_lock_what_they_name(void **state)
{
    (void)state;
    struct command cmd = {.kind = &stale_timer, .tenant_id = 7, .case_id = {{4}}};
    assert_int_equal(keys_of(&cmd).n, 1);
    cmd.agent_id = "ann";
    assert_int_equal(keys_of(&cmd).n, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_replay_answers_with_what_was_made),
        cmocka_unit_test(a_dedup_row_has_the_result_and_the_clusters_time),
        cmocka_unit_test(a_replay_comes_before_everything_else),
        cmocka_unit_test(another_body_is_refused),
        cmocka_unit_test(a_refused_call_may_be_retried_with_its_id),
        cmocka_unit_test(unknown_case),
        cmocka_unit_test(permission_comes_before_the_version),
        cmocka_unit_test(version_zero_is_unchecked),
        cmocka_unit_test(nothing_to_write_is_answered_at_once),
        cmocka_unit_test(deciding_again_gives_the_same_ids_and_hashes),
        cmocka_unit_test(a_full_response_arena_refuses_without_writing),
        cmocka_unit_test(hash_is_of_the_body_without_the_request_id),
        cmocka_unit_test(hash_is_another_on_anothers_behalf),
        cmocka_unit_test(ids_that_are_none_are_all_told_once),
        cmocka_unit_test(requests_without_ids_are_fine),
        cmocka_unit_test(a_command_locks_its_request_its_case_and_its_agent),
        cmocka_unit_test(system_commands_lock_what_they_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
