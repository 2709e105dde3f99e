# SPDX-License-Identifier: Apache-2.0
"""The fullest case that the contract allows, written into the tables where calls would take too long."""

from harness.api import v1

from .sample import unique

SIGNALS, CONTACTS, ACTS, REMEDIES, PROMISES, OFFERS, CLOCKS, PAUSES = 200, 500, 200, 100, 100, 1000, 1000, 64
LONG, SHORT, NAME, PRINCIPAL = 4000, 1000, 200, 128

# Of characters of two bytes: limits count bytes.
LONG_TEXT = "ß" * (LONG // 2)
SHORT_TEXT = "ß" * (SHORT // 2)
NAME_TEXT = "ß" * (NAME // 2)
WHO = "a" * PRINCIPAL

# The denials before the last one, as the row has them: one, many times.
DENIALS = 20
_DENIAL = v1.DenialList(denials=[v1.Denial(reason=LONG_TEXT, disclosure_channel=v1.CHANNEL_PHONE, actor=WHO)])
EARLIER_DENIALS = f"decode(repeat('{_DENIAL.SerializeToString().hex()}', {DENIALS - 1}), 'hex')"

_ROWS = """
create temp table t on commit drop as select tenant_id, case_id, opened_at as at from recovery_case
    where case_id = '{case}';
update recovery_case c set description = '{long}', customer_name = '{name}', customer_contact = '{name}',
    product = '{name}', denial_reason = '{long}', denial_channel = 1, denial_disclosed_at = t.at,
    earlier_denials = {earlier},
    denial_actor = '{who}', root_cause_code = 'process', root_cause_note = '{short}', root_cause_actor = '{who}',
    root_cause_at = t.at from t where c.tenant_id = t.tenant_id and c.case_id = t.case_id;
update signal s set body = '{long}' from t where s.tenant_id = t.tenant_id and s.case_id = t.case_id;
insert into signal select t.tenant_id, t.case_id, n, 1, 1, t.at + n * interval '1.000001 s', '{name}', '{long}', '{who}'
    from t, generate_series(2, {signals}) n;
insert into contact_attempt select t.tenant_id, t.case_id, gen_random_uuid(), 2, 1, 2, t.at + n * interval '1.000001 s',
    '{who}', '{long}' from t, generate_series(1, {contacts}) n;
insert into act select t.tenant_id, t.case_id, gen_random_uuid(), 2, t.at + n * interval '1.000001 s', '{who}', '{long}'
    from t, generate_series(1, {acts}) n;
insert into remedy select t.tenant_id, t.case_id, gen_random_uuid(), 1, 5, 'USD', 999999999999999, '{short}', '{who}',
    t.at + n * interval '1.000001 s', t.at, t.at, '{name}', true from t, generate_series(1, {remedies}) n;
insert into promise select t.tenant_id, t.case_id, p.id, 1, 2, 1, t.at, t.at, t.at + p.n * interval '1.000001 s', '{who}',
    '{short}', t.at, '{who}', t.at, p.id from t, (select gen_random_uuid() as id, n from generate_series(1, {promises}) n) p;
insert into offer select t.tenant_id, t.case_id, gen_random_uuid(), '{who}', 4, n, 100, true, t.at + n * interval '1.000001 s',
    t.at, t.at, '{short}' from t, generate_series(1, {offers}) n;
insert into clock (tenant_id, case_id, clock_id, kind, state, round, instance, generation, subject_id, policy_version,
    target_ms, started_at, due_at, stopped_at, breached_at, name, calendar, time_zone, target_unit, target_days, pauses, fired)
    select k.tenant_id, k.case_id, gen_random_uuid(), 2, 2, 1000, 1000, n, gen_random_uuid(), k.policy_version,
    9999999999, k.started_at + n * interval '1.000001 s', k.due_at, k.due_at, k.due_at, repeat('n', 64), repeat('c', 64),
    'America/Argentina/ComodRivadavia', 1, 3650, p.text, 1000
    from (select c.* from clock c, t where c.tenant_id = t.tenant_id and c.case_id = t.case_id limit 1) k,
    (select string_agg((1767225600000001 + i * 20) || '-' || (1767225600000011 + i * 20) || ':1', ' ' order by i) as text
     from generate_series(1, {pauses}) i) p,
    generate_series(1, {clocks} - (select count(*) from clock c, t where c.tenant_id = t.tenant_id
                                   and c.case_id = t.case_id)) n;
"""

# As large as an event gets: an opening with all its texts.
_EVENTS = """
insert into case_event (tenant_id, case_id, seq, epoch, at, kind, actor, public, private_digest, prev_hash, hash)
    select e.tenant_id, e.case_id, 10000 + n, e.epoch, e.at, e.kind, e.actor, e.public, e.private_digest, e.prev_hash, e.hash
    from case_event e, generate_series(1, {events}) n where e.case_id = '{case}' and e.seq = 1;
insert into case_event_private select e.tenant_id, e.case_id, 10000 + n, e.salt, e.body
    from case_event_private e, generate_series(1, {events}) n where e.case_id = '{case}' and e.seq = 1;
"""


def statements(case_id):
    """What makes an open case the fullest one that there can be; the agent WHO must exist."""
    return _ROWS.format(
        case=case_id, long=LONG_TEXT, short=SHORT_TEXT, name=NAME_TEXT, who=WHO, signals=SIGNALS,
        contacts=CONTACTS, acts=ACTS, remedies=REMEDIES, promises=PROMISES, offers=OFFERS, clocks=CLOCKS,
        pauses=PAUSES, earlier=EARLIER_DENIALS)


def fill(world, case):
    world.agent(WHO, present=False, display_name="Everybody")
    world.cluster.sql(statements(case.case_id))


def add_events(world, case, events):
    """Adds copies of the first event, which are no part of the chain."""
    world.cluster.sql(_EVENTS.format(case=case.case_id, events=events))


def open_fullest(world, **of):
    case = world.open(description=LONG_TEXT, customer_id=unique("fullest"), **of)
    fill(world, case)
    return case
