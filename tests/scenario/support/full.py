# SPDX-License-Identifier: Apache-2.0
"""Cases with as many parts as they may have, each as long as it may be. The parts that people and
programs would add over months are written by SQL; they change nothing that is due."""

# How many parts of each kind a case may have (case/model/state.h).
SIGNALS, CONTACTS, ACTS, REMEDIES, PROMISES, OFFERS, CLOCKS = 200, 500, 200, 100, 100, 1000, 1000

_OF_CASES = "from recovery_case c, generate_series({first}, {last}) n where c.case_id = any (%s::uuid[])"

_SIGNALS = """insert into signal (tenant_id, case_id, number, trigger, channel, received_at, external_reference, body, reporter)
    select c.tenant_id, c.case_id, n, 1, 1, c.opened_at, repeat('r', 200), repeat('s', 4000), 'crm' """

# Attempts that nobody answered.
_CONTACTS = """insert into contact_attempt (tenant_id, case_id, contact_id, direction, channel, outcome, at, actor, note)
    select c.tenant_id, c.case_id, gen_random_uuid(), 2, 1, 2, c.opened_at, repeat('a', 128), repeat('c', 4000) """

_PARTS = (
    (ACTS, """insert into act (tenant_id, case_id, act_id, kind, at, actor, note)
     select c.tenant_id, c.case_id, gen_random_uuid(), 1, c.opened_at, repeat('a', 128), repeat('t', 4000) """),
    # Declined.
    (REMEDIES, """insert into remedy (tenant_id, case_id, remedy_id, kind, state, currency, micros, description, proposer,
     proposed_at, responded_at, fulfilled_at, fulfilment_reference, on_the_spot)
     select c.tenant_id, c.case_id, gen_random_uuid(), 1, 7, '', 0, repeat('d', 1000), repeat('a', 128),
     c.opened_at, c.opened_at, null, '', true """),
    # Kept.
    (PROMISES, """insert into promise (tenant_id, case_id, promise_id, kind, state, round, promised_at, due_at, made_at,
     made_by, description, settled_at, settled_by, kept_at, successor_id)
     select c.tenant_id, c.case_id, gen_random_uuid(), 1, 2, 1, c.opened_at, c.opened_at, c.opened_at, repeat('a', 128),
     repeat('p', 1000), c.opened_at, repeat('a', 128), c.opened_at, null """),
    # Declined long ago by the agent gus.
    (OFFERS, """insert into offer (tenant_id, case_id, offer_id, agent_id, state, generation, weight, pulled, created_at,
     expires_at, decided_at, decline_reason)
     select c.tenant_id, c.case_id, gen_random_uuid(), 'gus', 3, 1, 1, false, c.opened_at - interval '1 day',
     c.opened_at - interval '1 day', c.opened_at - interval '1 day', repeat('n', 500) """),
    # Cancelled after the most pauses that a clock keeps.
    (CLOCKS - 20, """insert into clock (tenant_id, case_id, clock_id, kind, state, round, instance, generation, policy_version,
     target_ms, started_at, due_at, stopped_at, name, pauses)
     select c.tenant_id, c.case_id, gen_random_uuid(), 6, 4, 1, 1, 1, c.policy_version, 1000,
     c.opened_at, c.opened_at, c.opened_at, 'promise', rtrim(repeat('1767225600000000-1767225600000001:1 ', 64)) """),
)


def _add(world, cases, first, last, insert):
    world.cluster.sql(insert + _OF_CASES.format(first=first, last=last), ([one.case_id for one in cases],))


def add_signals(world, cases):
    """To the one that each case has."""
    _add(world, cases, 2, SIGNALS, _SIGNALS)


def add_everything(world, cases, spare=0):
    """All parts, less `spare` of each kind that a call adds to."""
    world.agent("gus", present=False)
    _add(world, cases, 2, SIGNALS - spare, _SIGNALS)
    _add(world, cases, 1, CONTACTS - spare, _CONTACTS)
    for count, insert in _PARTS:
        _add(world, cases, 1, count - spare, insert)
