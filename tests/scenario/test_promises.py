# SPDX-License-Identifier: Apache-2.0
"""Promises to the customer: made, kept, renegotiated, broken - through real services."""

import concurrent.futures
import datetime
import uuid
import zoneinfo

import pytest

from harness.api import v1
from harness.errors import refused

from .support import sample, steps
from .support.policy import apply
from .support.redis import both_ways

pytestmark = both_ways
QUIET_HOURS = """amends: 1
time_zone: Europe/London
calendars:
  daytime:
    weekly: {mon-sun: 08:00-21:00}
promises: {contact_hours: daytime, zone: customer, ahead: 30d}
"""


def promise(agent, case, in_s=None, **fields):
    """Promises to call back in so many seconds from now; the promise."""
    if in_s is not None:
        fields["promise_time"] = sample.timestamp(now(agent.world) + in_s)
    fields = {"kind": v1.PROMISE_KIND_CALL_BACK, "description": "Ann calls you back.", **fields}
    made = agent.MakePromise(case_id=case.case_id, **fields)
    return next(one for one in made.case.promises if one.promise_id == made.promise_id)


def settle(agent, case, one, outcome, **fields):
    """Settles it; the promises of the case by id."""
    settled = agent.SettlePromise(case_id=case.case_id, promise_id=one.promise_id, outcome=outcome, **fields)
    return {each.promise_id: each for each in settled.case.promises}


def now(world):
    """The cluster's time, by what it writes down."""
    return sample.seconds(world.crm.OpenCase(**sample.claim()).case.open_time)


def promised(world, case):
    """(state) of each promise, as it is now."""
    return [one.state for one in world.get(case).promises]


def clock(world, one, case):
    return next(each for each in world.get(case).clocks if each.subject_id == one.promise_id)


def test_a_promise_runs_a_clock_of_its_own(world):
    ann = world.agent("ann", present=False)
    case = world.open()
    one = promise(ann, case, 5 * sample.HOUR_S)
    assert (one.state, one.maker, one.round) == (v1.PROMISE_STATE_OPEN, "ann", 1)
    assert one.due_time == one.promise_time
    running = clock(world, one, case)
    assert (running.kind, running.state) == (v1.CLOCK_KIND_PROMISE, v1.CLOCK_STATE_RUNNING)
    assert running.due_time == one.due_time
    event = world.history(case)[-1]
    assert event.kind == v1.EVENT_KIND_PROMISE_MADE
    assert event.detail.promise.promise_id == one.promise_id
    assert not event.detail.promise.description
    assert event.personal.text == "Ann calls you back."


def test_silence_breaks_it(world):
    """S3.2: nobody has to look."""
    ann = world.agent("ann", present=False)
    case = world.open()
    ann.take()
    steps.reach(ann, case)  # else the graver case's first response would be late, too
    one = promise(ann, case, 5 * sample.HOUR_S)
    world.advance(5 * sample.HOUR_S + 1)
    after = world.get(case)
    assert promised(world, case) == [v1.PROMISE_STATE_BROKEN]
    assert (after.level, after.severity) == (2, case.severity + 1)
    assert after.promises[0].settle_time == one.due_time
    assert after.promises[0].settler == "amends"
    assert clock(world, one, case).state == v1.CLOCK_STATE_BREACHED
    assert world.kinds(case).count("CLOCK_BREACHED") == 1
    world.advance(sample.HOUR_S)
    assert world.get(case).level == 2
    assert world.verify(case).intact


def test_kept_in_time(world):
    ann, bob = world.agent("ann", present=False), world.agent("bob", present=False)
    case = world.open()
    one = promise(ann, case, 5 * sample.HOUR_S)
    world.advance(4 * sample.HOUR_S)
    after = settle(bob, case, one, v1.PROMISE_OUTCOME_KEPT)[one.promise_id]
    assert (after.state, after.settler) == (v1.PROMISE_STATE_KEPT, "bob")
    assert clock(world, one, case).state == v1.CLOCK_STATE_MET
    world.advance(2 * sample.HOUR_S)
    assert world.get(case).severity == case.severity
    with refused("FAILED_PRECONDITION", "PROMISE_STATE") as caught:
        settle(bob, case, one, v1.PROMISE_OUTCOME_BROKEN)
    assert caught.error.metadata["state"] == "KEPT"


def test_kept_in_time_but_told_when_it_was_found_broken(world):
    ann = world.agent("ann", present=False)
    case = world.open()
    one = promise(ann, case, sample.HOUR_S)
    world.advance(2 * sample.HOUR_S)
    kept = sample.timestamp(sample.seconds(one.due_time) - 60)
    after = settle(ann, case, one, v1.PROMISE_OUTCOME_KEPT, keep_time=kept)[one.promise_id]
    assert (after.state, after.keep_time) == (v1.PROMISE_STATE_KEPT, kept)
    assert clock(world, one, case).state == v1.CLOCK_STATE_MET
    assert world.get(case).level == 2, "what was escalated stays escalated"


def test_renegotiated_with_the_customers_consent(world):
    ann = world.agent("ann", present=False)
    case = world.open()
    one = promise(ann, case, sample.HOUR_S)
    later = sample.timestamp(sample.seconds(one.due_time) + sample.DAY_S)
    with refused("INVALID_ARGUMENT") as caught:
        settle(ann, case, one, v1.PROMISE_OUTCOME_RENEGOTIATED, promise_time=later)
    assert caught.error.fields == ["customer_consented"]
    fields = {"case_id": case.case_id, "promise_id": one.promise_id, "customer_consented": True,
              "outcome": v1.PROMISE_OUTCOME_RENEGOTIATED, "promise_time": later,
              "request_id": str(uuid.uuid4())}
    first, again = ann.SettlePromise(**fields), ann.SettlePromise(**fields)
    assert first.promise_id == again.promise_id != one.promise_id
    old, successor = world.get(case).promises
    assert (old.state, old.successor_id) == (v1.PROMISE_STATE_RENEGOTIATED, successor.promise_id)
    assert (successor.state, successor.due_time) == (v1.PROMISE_STATE_OPEN, later)
    assert clock(world, one, case).state == v1.CLOCK_STATE_CANCELLED
    world.advance(2 * sample.HOUR_S)
    assert world.get(case).level == 1
    world.advance(sample.DAY_S)
    assert promised(world, case)[1] == v1.PROMISE_STATE_BROKEN


def test_what_is_overdue_is_not_renegotiated(world):
    ann = world.agent("ann", present=False)
    case = world.open()
    one = promise(ann, case, sample.HOUR_S)
    world.advance(sample.HOUR_S + 1)
    with refused("FAILED_PRECONDITION", "PROMISE_STATE"):
        settle(ann, case, one, v1.PROMISE_OUTCOME_RENEGOTIATED, customer_consented=True,
               promise_time=sample.timestamp(now(world) + 60))


def test_admitted_to_be_broken(world):
    ann = world.agent("ann", present=False)
    case = world.open()
    steps.reach(ann, case)  # else the graver case's first response would be late, too
    one = promise(ann, case, 5 * sample.HOUR_S)
    settle(ann, case, one, v1.PROMISE_OUTCOME_BROKEN, note="The technician is ill.")
    after = world.get(case)
    assert (after.level, after.severity) == (2, case.severity + 1)
    assert world.cluster.sql("select cause, actor from escalation where case_id = %s",
                             (case.case_id,)) == [(v1.ESCALATION_CAUSE_PROMISE, "ann")]
    world.advance(5 * sample.HOUR_S + 1)
    assert world.get(case).level == 2, "one promise climbs once"
    assert world.verify(case).intact


def test_an_open_promise_blocks_resolving(world):
    ann = world.agent("ann", present=False)
    case = world.open()
    ann.take()
    steps.recover(ann, case)
    one = promise(ann, case, sample.HOUR_S)
    with refused("FAILED_PRECONDITION", "CLOSE_GATE") as caught:
        steps.resolve(ann, case)
    assert [field.split(":")[0] for field in caught.error.fields] == ["OPEN_PROMISE"]
    assert one.promise_id in caught.error.violations[0][1]
    settle(ann, case, one, v1.PROMISE_OUTCOME_KEPT)
    assert steps.resolve(ann, case).status == v1.CASE_STATUS_RESOLVED
    assert promise(ann, case, sample.HOUR_S).promise_id, "and something can be promised after that"
    with refused("FAILED_PRECONDITION", "CLOSE_GATE"):
        steps.close(ann, case)


# --- the customer's zone and hours ---


def local(at, zone):
    """Seconds since 1970 as wall time there."""
    return datetime.datetime.fromtimestamp(at, zoneinfo.ZoneInfo(zone)).replace(tzinfo=None)


@pytest.mark.parametrize("zone", ["Australia/Lord_Howe", "America/New_York"])
def test_a_promise_is_due_in_the_customers_hours(world, zone):
    apply(world, QUIET_HOURS)
    ann = world.agent("ann", present=False)
    case = world.open(customer_time_zone=zone)
    day = local(sample.seconds(case.open_time), zone).date() + datetime.timedelta(days=2)
    for told, due in (("12:00", "12:00"), ("21:00", "21:00"), ("23:30", "21:00"), ("08:00", "08:00")):
        one = promise(ann, case, local_time=f"{day}T{told}")
        assert local(one.promise_time.seconds, zone).isoformat()[:16] == f"{day}T{told}"
        assert local(one.due_time.seconds, zone).isoformat()[:16] == f"{day}T{due}"
    early = promise(ann, case, local_time=f"{day}T05:00:30")
    before = day - datetime.timedelta(days=1)
    assert local(early.due_time.seconds, zone).isoformat()[:16] == f"{before}T21:00"
    assert clock(world, early, case).due_time == early.due_time


def test_with_no_hours_before_it_the_next_ones_are_named(world):
    apply(world, QUIET_HOURS)
    ann = world.agent("ann", present=False)
    zone = zoneinfo.ZoneInfo("America/New_York")
    case = world.open(customer_time_zone=zone.key)
    here = datetime.datetime.fromtimestamp(now(world), zone)
    night = here.replace(hour=22, minute=0, second=0, microsecond=0)
    world.advance((night - here) % datetime.timedelta(days=1) / datetime.timedelta(seconds=1) + 1)
    today = datetime.datetime.fromtimestamp(now(world), zone).date()
    morning = today + datetime.timedelta(days=1)
    with refused("INVALID_ARGUMENT") as caught:
        promise(ann, case, local_time=f"{morning}T07:30")
    assert caught.error.fields == ["local_time"]
    opens = datetime.datetime.combine(morning, datetime.time(8), zone).astimezone(datetime.timezone.utc)
    assert opens.strftime("%Y-%m-%dT%H:%M:%SZ") in caught.error.violations[0][1]


@pytest.mark.parametrize("fields, wrong", [
    ({}, ["promise_time"]),
    ({"local_time": "2099-01-01T00:00", "promise_time": sample.timestamp(4e9)}, ["local_time"]),
    ({"local_time": "tomorrow"}, ["local_time"]),
    ({"local_time": "2020-01-01T12:00"}, ["local_time"]),
    ({"local_time": "2099-01-01T12:00"}, ["local_time"]),
    ({"promise_time": sample.timestamp(1e9)}, ["promise_time"]),
    ({"promise_time": sample.timestamp(4e9)}, ["promise_time"]),
    ({"local_time": "tomorrow", "description": " "}, ["description", "local_time"]),
    ({"local_time": "tomorrow", "description": "x" * 1001}, ["description", "local_time"]),
    ({"local_time": "tomorrow", "kind": 99}, ["kind"]),
])
def test_what_is_no_promise(world, fields, wrong):
    ann = world.agent("ann", present=False)
    case = world.open()
    with refused("INVALID_ARGUMENT") as caught:
        promise(ann, case, **fields)
    assert caught.error.fields == wrong
    assert not world.get(case).promises


def test_what_is_no_settlement(world):
    ann = world.agent("ann", present=False)
    case = world.open()
    one = promise(ann, case, sample.HOUR_S)
    future = sample.timestamp(now(world) + 7200)
    for outcome, fields, wrong in (
            (v1.PROMISE_OUTCOME_KEPT, {"keep_time": future}, ["keep_time"]),
            (v1.PROMISE_OUTCOME_KEPT, {"keep_time": sample.timestamp(1e9)}, ["keep_time"]),
            (v1.PROMISE_OUTCOME_KEPT, {"promise_time": future, "customer_consented": True},
             ["promise_time", "customer_consented"]),
            (v1.PROMISE_OUTCOME_BROKEN, {"keep_time": sample.timestamp(now(world))}, ["keep_time"]),
            (v1.PROMISE_OUTCOME_UNSPECIFIED, {}, ["outcome"]),
            (v1.PROMISE_OUTCOME_RENEGOTIATED, {"customer_consented": True}, ["promise_time"])):
        with refused("INVALID_ARGUMENT") as caught:
            settle(ann, case, one, outcome, **fields)
        assert caught.error.fields == wrong
    with refused("NOT_FOUND", "PROMISE_NOT_FOUND"):
        ann.SettlePromise(case_id=case.case_id, promise_id=str(uuid.uuid4()),
                          outcome=v1.PROMISE_OUTCOME_KEPT)
    with refused("PERMISSION_DENIED", "NOT_AN_AGENT"):
        settle(world.crm, case, one, v1.PROMISE_OUTCOME_KEPT)
    with refused("PERMISSION_DENIED", "NOT_AN_AGENT"):
        promise(world.crm, case, sample.HOUR_S)
    assert promised(world, case) == [v1.PROMISE_STATE_OPEN]


def test_a_repeated_request_makes_one_promise(world):
    ann = world.agent("ann", present=False)
    case = world.open()
    fields = {"request_id": str(uuid.uuid4()), "case_id": case.case_id, "description": "A call.",
              "kind": v1.PROMISE_KIND_CALL_BACK, "promise_time": sample.timestamp(now(world) + 3600)}
    first, again = ann.MakePromise(**fields), ann.MakePromise(**fields)
    assert first.promise_id == again.promise_id
    assert len(world.get(case).promises) == 1


def test_kept_and_broken_at_the_same_moment_agree(world):
    """Agents race with the timers of two replicas: promise and clock never disagree."""
    agents = [world.agent(f"agent{n}", present=False) for n in range(4)]
    cases = [world.open() for _ in range(16)]
    made = [promise(agents[0], case, 600) for case in cases]
    world.cluster.clock.advance(598)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        done = [pool.submit(settle, agents[n % 4], case, made[n], v1.PROMISE_OUTCOME_KEPT)
                for n, case in enumerate(cases)]
        world.cluster.clock.advance(5)
        for one in done:
            one.result()
    world.settle()
    for one, case in zip(made, cases):
        after = world.get(case).promises[0]
        late = sample.seconds(after.keep_time) > sample.seconds(after.due_time)
        assert after.state == (v1.PROMISE_STATE_BROKEN if late else v1.PROMISE_STATE_KEPT)
        assert clock(world, one, case).state == (v1.CLOCK_STATE_BREACHED if late else v1.CLOCK_STATE_MET)
