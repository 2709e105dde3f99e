-- SPDX-License-Identifier: Apache-2.0
--
-- The tables of the first form. Every primary key starts with tenant_id, so that tables can be distributed by tenant in
-- place. Enumerations are the numbers of proto/amends/v1/types.proto. Identifiers use binary collation: two ids that differ
-- in a byte are two ids. Money is (currency, micro-units); durations are milliseconds with the unit in the name.
-- Foreign keys are not declared here (they cost 13-30 % on the write paths): the test harness declares them and
-- `amends check` counts orphans.
--
-- The order of indexes matters: while a table is small, all its indexes cost the planner the same, even one of which only
-- tenant_id fits; among equals it takes the one created last, and a prepared statement keeps that plan while the table
-- grows. So indexes come from the general to the special, and the primary key, by which most is looked up, last. A test
-- looks at the plans of all statements on small and on large tables: a migration that adds an index hears of it there.

create table tenant (
    tenant_id int4 generated always as identity primary key,
    name text collate "C" not null unique,
    policy_version int4 not null default 1,
    created_at timestamptz not null
);

-- A compiled policy's source; immutable. 'default' = the bundle that the program ships.
create table policy_version (
    tenant_id int4 not null,
    version int4 not null,
    source text not null,
    created_at timestamptz not null,
    created_by text collate "C" not null,
    primary key (tenant_id, version)
);

create table recovery_case (
    tenant_id int4 not null,
    case_id uuid not null,
    status int2 not null,
    customer_id text collate "C" not null,
    customer_name text not null,
    customer_contact text not null,
    language text collate "C" not null,
    trigger int2 not null,
    channel int2 not null,
    failure_code text collate "C" not null,
    description text not null,
    occurred_at timestamptz,
    product text not null,
    order_reference text collate "C" not null,
    stake_currency text collate "C" not null,
    stake_micros int8 not null,
    severity int2 not null,
    desired_outcomes int4 not null, -- bit n = DesiredOutcome n
    contacts int4 not null,
    transfers int4 not null,
    minutes_lost int4 not null,
    boost_ms int8 not null,
    owner_kind int2 not null,
    owner_id text collate "C" not null,
    owner_since timestamptz not null,
    assignment_generation int8 not null,
    level int2 not null,
    level_since timestamptz not null,
    round int4 not null,
    policy_version int4 not null,
    opened_at timestamptz not null,
    updated_at timestamptz not null,
    resolved_at timestamptz,
    closed_at timestamptz,
    root_cause_code text collate "C" not null,
    root_cause_preventable boolean not null,
    root_cause_note text not null,
    root_cause_actor text collate "C" not null,
    root_cause_at timestamptz,
    denial_reason text not null,
    denial_channel int2 not null,
    denial_disclosed_at timestamptz,
    denial_actor text collate "C" not null,
    last_seq int8 not null,
    last_hash bytea not null
) with (fillfactor = 80);

-- Lists are keyset by (opened_at, case_id).
create index recovery_case_opened on recovery_case (tenant_id, opened_at, case_id);
create index recovery_case_status on recovery_case (tenant_id, status, opened_at, case_id);
create index recovery_case_failure on recovery_case (tenant_id, failure_code, opened_at, case_id);
create index recovery_case_owner on recovery_case (tenant_id, owner_id, opened_at, case_id);
create index recovery_case_customer on recovery_case (tenant_id, customer_id, opened_at, case_id);
-- An agent's load: cases that count while IN_PROGRESS (2) or AWAITING_APPROVAL (5) and are owned by an agent (2).
create index recovery_case_counted on recovery_case (tenant_id, owner_id) where owner_kind = 2 and status in (2, 5);
-- A repeat claim joins the customer's case that is neither resolved nor final, of the same failure and order.
-- Its columns are expressions, so that no other index can serve the look-up: without statistics the planner takes an index
-- on any one of them for as good, and walks every open case of a failure code.
create unique index recovery_case_open on recovery_case
    (tenant_id, (customer_id || ''), (failure_code || ''), (order_reference || ''))
    where (status + 0) between 1 and 5;
alter table recovery_case add primary key (tenant_id, case_id);

create table signal (
    tenant_id int4 not null,
    case_id uuid not null,
    number int4 not null,
    trigger int2 not null,
    channel int2 not null,
    received_at timestamptz not null,
    external_reference text collate "C" not null,
    body text not null,
    reporter text collate "C" not null,
    primary key (tenant_id, case_id, number)
);

create table case_event (
    tenant_id int4 not null,
    case_id uuid not null,
    seq int8 not null,
    xid xid8 not null default pg_current_xact_id(),
    at timestamptz not null,
    kind int2 not null,
    actor text collate "C" not null,
    public bytea not null,
    private_digest bytea not null,
    prev_hash bytea not null,
    hash bytea not null
);
-- The feed's order.
create index case_event_feed on case_event (tenant_id, xid, case_id, seq);
alter table case_event add primary key (tenant_id, case_id, seq);

create table case_event_private (
    tenant_id int4 not null,
    case_id uuid not null,
    seq int8 not null,
    salt bytea not null,
    body bytea not null,
    primary key (tenant_id, case_id, seq)
);

create table clock (
    tenant_id int4 not null,
    case_id uuid not null,
    clock_id uuid not null,
    kind int2 not null,
    state int2 not null,
    round int4 not null,
    instance int4 not null,   -- adds one at a reset; a threshold fires once an instance
    generation int8 not null, -- adds one at every change; a timer names the one it was armed with
    subject_id uuid,          -- the offer, else null
    policy_version int4 not null,
    target_ms int8 not null,
    started_at timestamptz not null,
    due_at timestamptz not null,
    stopped_at timestamptz,
    breached_at timestamptz
) with (fillfactor = 80);
-- The sweep: running clocks (1), soonest first, over all tenants.
create index clock_due on clock (due_at) where state = 1;
alter table clock add primary key (tenant_id, case_id, clock_id);

create table escalation (
    tenant_id int4 not null,
    case_id uuid not null,
    round int4 not null,
    clock_id uuid not null,
    instance int4 not null,
    threshold int4 not null, -- per cent of the target
    from_level int2 not null,
    to_level int2 not null,  -- equal to from_level: recorded without climbing
    action int2 not null,
    due_at timestamptz not null,
    at timestamptz not null,
    primary key (tenant_id, case_id, round, clock_id, instance, threshold)
);

create table queue_item (
    tenant_id int4 not null,
    case_id uuid not null,
    level int2 not null, -- 0 while an offer stands: it waits for the answer, not for an agent
    signature text collate "C" not null,
    score_ms int8 not null, -- eligible since less the boost; smaller first
    generation int8 not null, -- the case's assignment generation
    since timestamptz not null
) with (fillfactor = 80);
create index queue_item_heads on queue_item (tenant_id, level, signature, score_ms, case_id);
alter table queue_item add primary key (tenant_id, case_id);

create table offer (
    tenant_id int4 not null,
    case_id uuid not null,
    offer_id uuid not null,
    agent_id text collate "C" not null,
    state int2 not null,
    generation int8 not null,
    weight int4 not null,
    pulled boolean not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    decided_at timestamptz,
    decline_reason text not null
) with (fillfactor = 80);
-- Recent changes for streams.
create index offer_agent on offer (tenant_id, agent_id, created_at);
-- An agent's pending offers (1): load and streams.
create index offer_pending on offer (tenant_id, agent_id) where state = 1;
alter table offer add primary key (tenant_id, case_id, offer_id);

create table agent (
    tenant_id int4 not null,
    agent_id text collate "C" not null,
    version int8 not null,
    display_name text not null,
    public_contact text not null,
    team text not null,
    level int2 not null,
    capacity int4 not null,
    skills text collate "C" not null,      -- "billing:3 delivery:2", sorted by code
    languages text collate "C" not null,   -- "de en", sorted
    authorities text collate "C" not null, -- "6:USD:200000000", RemedyKind:currency:micros, sorted
    presence int2 not null,
    presence_at timestamptz not null,
    idle_since timestamptz not null
) with (fillfactor = 80);
-- Who could be asked next.
create index agent_ready on agent (tenant_id, presence, level, idle_since);
alter table agent add primary key (tenant_id, agent_id);

create table contact_attempt (
    tenant_id int4 not null,
    case_id uuid not null,
    contact_id uuid not null,
    direction int2 not null,
    channel int2 not null,
    outcome int2 not null,
    at timestamptz not null,
    actor text collate "C" not null,
    note text not null,
    primary key (tenant_id, case_id, contact_id)
);

create table act (
    tenant_id int4 not null,
    case_id uuid not null,
    act_id uuid not null,
    kind int2 not null,
    at timestamptz not null,
    actor text collate "C" not null,
    note text not null,
    primary key (tenant_id, case_id, act_id)
);

create table remedy (
    tenant_id int4 not null,
    case_id uuid not null,
    remedy_id uuid not null,
    kind int2 not null,
    state int2 not null,
    currency text collate "C" not null,
    micros int8 not null,
    description text not null,
    proposer text collate "C" not null,
    proposed_at timestamptz not null,
    responded_at timestamptz,
    fulfilled_at timestamptz,
    fulfilment_reference text collate "C" not null,
    on_the_spot boolean not null,
    primary key (tenant_id, case_id, remedy_id)
) with (fillfactor = 80);

create table notification (
    tenant_id int4 not null,
    case_id uuid not null,
    notification_id uuid not null,
    recipient text collate "C" not null, -- a principal: the steward of the level
    kind int2 not null,                  -- 1 = escalation
    template text collate "C" not null,
    state int2 not null,                 -- 1 = pending
    attempts int4 not null,
    created_at timestamptz not null
);
create index notification_pending on notification (tenant_id, recipient, created_at) where state = 1;
alter table notification add primary key (tenant_id, case_id, notification_id);

create table dedup (
    tenant_id int4 not null,
    principal text collate "C" not null,
    method int2 not null,
    request_id uuid not null,
    body_hash bytea not null,
    case_id uuid not null,
    result_id uuid not null, -- offer, remedy, contact, act; zero = none
    version int8 not null,
    joined boolean not null,
    created_at timestamptz not null -- cluster time, without a tenant's test offset
);
create index dedup_age on dedup (created_at);
alter table dedup add primary key (tenant_id, principal, method, request_id);

-- Standing jobs that one replica does at a time. Correctness never depends on it.
create table lease (
    name text collate "C" primary key,
    holder text collate "C" not null,
    until timestamptz not null
);
