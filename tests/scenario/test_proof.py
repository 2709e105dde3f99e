# SPDX-License-Identifier: Apache-2.0
"""Every row of a case is proved by its history: whatever column is changed in the database is found.

Each column of each table of the case is either proved, or named here with the reason why not. A new column is
neither, and fails until somebody decides.
"""

import pytest

from harness.api import v1

from .support import sample, steps

# What identifies a row, and what belongs to no case.
NO_PART_OF_A_CASE = {
    "checkpoint": "signed, and verified with the whole tenant", "checkpoint_slice": "signed with its checkpoint",
    "access_record": "who was shown personal data, in no history", "access_writer": "a process", "api_key": "a credential",
    "webhook": "where a tenant wants to be told", "webhook_secret": "of a webhook",
    "delivery": "a message that is sent or waits; it may tell of several cases",
    "customer_key": "of a customer, not of a case",
    "customer_erasure": "names the customer; each erased case has an event of its own", "secret": "the database's",
    "agent": "an agent is no part of a case", "agent_stream": "where streams are", "dedup": "remembers requests for 30 days",
    "lease": "who does the standing jobs", "policy_version": "the tenant's, not a case's", "tenant": "the tenant's",
    "schema_version": "the schema's", "schema_progress": "the schema's",
}
FOLLOWS = "follows from the case; it is only looked for by it"
NOT_PROVED = {
    "case_work": FOLLOWS, "open_claim": FOLLOWS, "case_ended": FOLLOWS, "case_reference": FOLLOWS,
    "escalation": "of a case that has climbed: test_steps_of_the_ladder_are_proved",
    "notification": "a message to be sent; the event says that somebody is told",
    "case_event.epoch": "where the event stands in the feed; no part of what happened",
    "case_event.xid": "where the event stands in the feed; no part of what happened",
    "clock.generation": "tells a timer whether it is an old one; when the clock fires is next_at",
    "offer.decline_reason": "nobody reads it; the personal part of the event has it",
    "recovery_case.last_seq": "proved with the chain: a head of another number misses events",
}
# The row to change, where not the last one.
ROWS = {"case_event": "seq = 3", "case_event_private": "seq = 1", "clock": "state = 5"}  # a paused one


def columns(cluster):
    """(table, column, type) of all tables."""
    return cluster.sql("""
        select c.table_name, c.column_name, c.data_type from information_schema.columns c
          join pg_class k on k.relname = c.table_name and k.relnamespace = 'public'::regnamespace and not k.relispartition
         where c.table_schema = 'public' and c.is_generated = 'NEVER' order by 1, c.ordinal_position""")


def excused(table, column):
    return next((reason for name, reason in NOT_PROVED.items() if name in (table, f"{table}.{column}")), None)


def other(column, kind):
    """Another value than the column has, in SQL."""
    return {
        "text": f"{column} || 'x'", "uuid": "gen_random_uuid()", "boolean": f"not {column}",
        "smallint": f"{column} + 1", "integer": f"{column} + 1000", "bigint": f"{column} + 1000",
        "timestamp with time zone": f"coalesce({column} + interval '1 minute', '2026-01-01')",
        "bytea": f"{column} || '\\x0801'::bytea",
    }[kind]


@pytest.fixture
def case(world):
    """A case with a row in every table, and something in every column."""
    case = world.crm.OpenCase(**sample.claim(
        stake=sample.usd(99), customer_time_zone="Europe/Berlin", customer_tier="gold", language="en", minutes_lost=10)).case
    ann, bob = world.agent("ann", present=False), world.agent("bob", present=False)
    ann.take()
    steps.recover(ann, case)
    promised = ann.MakePromise(case_id=case.case_id, kind=v1.PROMISE_KIND_CALL_BACK, description="We call.",
                               promise_time=sample.timestamp(sample.seconds(case.open_time) + 86400))
    bob.RecordContact(case_id=case.case_id, direction=v1.CONTACT_DIRECTION_INBOUND, channel=v1.CHANNEL_EMAIL, note="Well?")
    ann.SettlePromise(case_id=case.case_id, promise_id=promised.promise_id, outcome=v1.PROMISE_OUTCOME_KEPT, note="Done.")
    steps.deny(ann, case)
    steps.deny(ann, case, reason="And the second claim came too late.")
    ann.PauseCase(case_id=case.case_id, reason=v1.PAUSE_REASON_CUSTOMER_ASKED, note="After the journey.",
                  expected_version=world.get(case).version)
    return world.get(case)


def change(world, case, table, column, value):
    """Changes one row behind the product's back; put_back() undoes it."""
    where = f"case_id = '{case.case_id}'"
    world.cluster.sql(f"""set session_replication_role = replica;
        create table kept as select * from {table} where {where};
        update {table} set {column} = {value}
         where ctid = (select ctid from {table} where {where} and {ROWS.get(table, "true")} order by ctid desc limit 1)""")


def put_back(world, case, table):
    own = ", ".join(column for name, column, _ in columns(world.cluster) if name == table)
    world.cluster.sql(f"""set session_replication_role = replica; delete from {table} where case_id = '{case.case_id}';
        insert into {table} ({own}) select {own} from kept; drop table kept""")


def test_every_column_is_proved_or_excused(world, case):
    """Changes each column of each table, one at a time."""
    assert world.verify(case).intact, world.verify(case)
    missed, tried = [], 0
    for table, column, kind in columns(world.cluster):
        if table in NO_PART_OF_A_CASE or excused(table, column) or column in ("tenant_id", "case_id"):
            continue
        change(world, case, table, column, other(column, kind))
        proof = world.verify(case)
        if proof.intact or not proof.findings or not proof.problem:
            missed.append(f"{table}.{column}")
        put_back(world, case, table)
        tried += 1
    assert not missed, missed
    assert tried > 120
    assert world.verify(case).intact


def test_what_is_excused_is_there(world):
    known = {name for table, column, _ in columns(world.cluster) for name in (table, f"{table}.{column}")}
    assert not set(NOT_PROVED) - known
    assert not set(NO_PART_OF_A_CASE) - known


def alter(world, statement, case):
    world.cluster.sql("set session_replication_role = replica; " + statement.replace("%case", f"'{case.case_id}'"))


def test_a_remedy_of_40_is_not_4(world, case):
    alter(world, "update remedy set micros = micros / 10 where case_id = %case", case)
    proof = world.verify(case)
    [finding] = proof.findings
    remedy = world.get(case).remedies[0]
    assert (finding.kind, finding.row, finding.field) == (
        v1.HISTORY_FINDING_KIND_ROW_DIFFERS, f"remedy {remedy.remedy_id}", "amount.units")
    shown = world.history(case)[finding.sequence - 1].detail.remedy
    assert shown.amount.units == 40


@pytest.mark.parametrize("table", ["remedy", "promise", "contact_attempt", "act", "signal", "clock", "offer"])
def test_a_deleted_row_is_found(world, case, table):
    if table == "offer":
        alter(world, "delete from offer where case_id = %case", case)
    else:
        alter(world, f"delete from {table} where ctid = (select max(ctid) from {table} where case_id = %case)", case)
    proof = world.verify(case)
    assert {one.kind for one in proof.findings} == {v1.HISTORY_FINDING_KIND_ROW_MISSING}


def test_an_added_row_is_found(world, case):
    alter(world, "insert into act (tenant_id, case_id, act_id, kind, at, actor, note) select tenant_id, case_id, "
          "gen_random_uuid(), kind, at, actor, note from act where case_id = %case", case)
    proof = world.verify(case)
    [finding] = proof.findings
    assert (finding.kind, finding.sequence) == (v1.HISTORY_FINDING_KIND_ROW_UNKNOWN, 0)
    assert not proof.intact


def test_a_cut_history_is_found_by_the_rows(world, case):
    """The last event is cut away, the head moved back to the one before, and the rows left as they are."""
    alter(world, "delete from case_event_private p using recovery_case c where p.case_id = c.case_id and p.seq = c.last_seq "
          "and c.case_id = %case; delete from case_event e using recovery_case c where e.case_id = c.case_id "
          "and e.seq = c.last_seq and c.case_id = %case; update recovery_case c set last_seq = e.seq, last_hash = e.hash "
          "from case_event e where e.case_id = c.case_id and e.seq = c.last_seq - 1 and c.case_id = %case", case)
    proof = world.verify(case)
    assert not proof.intact
    assert v1.HISTORY_FINDING_KIND_EVENT not in {one.kind for one in proof.findings}
    assert v1.HISTORY_FINDING_KIND_ROW_DIFFERS in {one.kind for one in proof.findings}


def test_nothing_personal_is_in_a_finding(world, case):
    alter(world, "update recovery_case set customer_name = 'Mallory' where case_id = %case", case)
    [finding] = world.verify(case).findings
    assert (finding.row, finding.field) == ("case", "customer_name")
    assert "Mallory" not in str(finding) and "Jo Doe" not in str(finding)


STEP_FREE = {"action": "what policy says of the level that the event shows"}


@pytest.fixture
def climbed(world):
    """A case that a clock, a person and a comeback have brought up."""
    case = world.crm.OpenCase(**sample.claim(stake=sample.usd(99))).case
    ann = world.agent("ann", present=False)
    ann.take()
    world.advance(9 * sample.HOUR_S)
    ann.EscalateCase(case_id=case.case_id, reason="It takes too long.")
    return world.get(case)


@pytest.mark.parametrize("cause", [v1.ESCALATION_CAUSE_CLOCK, v1.ESCALATION_CAUSE_HAND])
def test_steps_of_the_ladder_are_proved(world, climbed, cause):
    assert world.verify(climbed).intact, world.verify(climbed)
    one = (f"ctid = (select ctid from escalation where case_id = '{climbed.case_id}' and cause = {cause}"
           " order by to_level desc limit 1)")
    missed = []
    for table, column, kind in columns(world.cluster):
        if table != "escalation" or column in ("tenant_id", "case_id", *STEP_FREE):
            continue
        alter(world, "create table kept as select * from escalation where case_id = %case", climbed)
        world.cluster.sql(f"set session_replication_role = replica; update escalation set {column} = {other(column, kind)}"
                          f" where {one}")
        if world.verify(climbed).intact:
            missed.append(column)
        put_back(world, climbed, "escalation")
        restored = world.verify(climbed)
        assert restored.intact, (column, restored)
    assert not missed, missed


def test_a_step_that_is_deleted_or_added_is_found(world, climbed):
    own = ", ".join(column for name, column, _ in columns(world.cluster) if name == "escalation")
    alter(world, "create table kept as select * from escalation where case_id = %case;"
          " delete from escalation where case_id = %case", climbed)
    assert {one.kind for one in world.verify(climbed).findings} == {v1.HISTORY_FINDING_KIND_ROW_MISSING}
    put_back(world, climbed, "escalation")
    alter(world, f"create table more as select {own} from escalation where case_id = %case limit 1;"
          " update more set clock_id = gen_random_uuid(), at = at - interval '1 s';"
          f" insert into escalation ({own}) select {own} from more; drop table more", climbed)
    assert {one.kind for one in world.verify(climbed).findings} == {v1.HISTORY_FINDING_KIND_ROW_UNKNOWN}
