# SPDX-License-Identifier: Apache-2.0
"""ReopenCase: a round of its own, with the same owner where that is possible; higher for an agent's reason."""

import concurrent.futures
import uuid

import pytest

from harness.api import v1
from harness.errors import Error, refused

from .support import sample, steps
from .support.redis import both_ways

pytestmark = both_ways


def reopen(who, case, **fields):
    fields = {"expected_version": who.world.get(case).version, "reason": "It broke again.", **fields}
    return who.ReopenCase(case_id=case.case_id, **fields).case


def resolved(world, name="ann", **of):
    """An agent and a case resolved by that agent."""
    ann = world.agent(name, present=False)
    case = world.open(**of)
    ann.SetPresence(presence=v1.PRESENCE_AWAY)
    ann.take()
    steps.recover(ann, case)
    return ann, steps.resolve(ann, case)


@pytest.mark.parametrize("closed", [False, True])
def test_a_new_round_with_the_same_owner(world, closed):
    ann, case = resolved(world)
    if closed:
        steps.close(ann, case)
    after = reopen(world.crm, case)
    assert (after.status, after.round, after.level) == (v1.CASE_STATUS_IN_PROGRESS, 2, 1)
    assert (after.owner.id, after.owner.kind) == ("ann", v1.OWNER_KIND_AGENT)
    assert not after.HasField("resolve_time") and not after.HasField("close_time")
    assert after.round_since_time == after.update_time
    clocks = {(one.round, one.kind): one.state for one in after.clocks}
    for kind in (v1.CLOCK_KIND_FIRST_RESPONSE, v1.CLOCK_KIND_RESOLUTION):
        assert clocks[1, kind] == v1.CLOCK_STATE_MET
        assert clocks[2, kind] == v1.CLOCK_STATE_RUNNING
    event = world.history(case)[-1]
    assert (event.kind, event.actor) == (v1.EVENT_KIND_CASE_REOPENED, "crm")
    assert event.personal.text == "It broke again."
    assert world.verify(case).intact
    with refused("FAILED_PRECONDITION", "CLOSE_GATE") as caught:
        steps.resolve(ann, case)
    assert [one.split(":")[0] for one in caught.error.fields] == ["CONTACT", "ACT", "REMEDY_OR_DENIAL"]
    steps.reach(ann, case)
    steps.say(ann, case)
    steps.give(ann, case, kind=v1.REMEDY_KIND_GIFT, reference="GIFT-2")
    assert steps.resolve(ann, case).status == v1.CASE_STATUS_RESOLVED


def test_who_went_home_does_not_get_it_back(world):
    ann, case = resolved(world)
    ann.SetPresence(presence=v1.PRESENCE_OFFLINE)
    after = reopen(ann, case)
    assert (after.status, after.owner.id) == (v1.CASE_STATUS_OPEN, "steward-lead")
    assert world.kinds(case)[-2:] == ["CASE_REOPENED", "OWNER_CHANGED"]
    lea = world.agent("lea", level=2, present=False)
    assert lea.take().case_id == case.case_id, "it waits in the queue of its new level"


def test_silence_in_the_second_round_climbs_on(world):
    ann, case = resolved(world)
    assert reopen(ann, case).level == 2, "an agent's reason takes it up"
    world.advance(8 * sample.HOUR_S + 1)
    after = world.get(case)
    assert after.level == 3
    rows = world.cluster.sql("select round, cause, from_level, to_level from escalation"
                             " where case_id = %s and to_level > from_level order by at",
                             (case.case_id,))
    assert rows == [(2, v1.ESCALATION_CAUSE_REOPENED, 1, 2), (2, v1.ESCALATION_CAUSE_CLOCK, 2, 3)]


def test_the_follow_up_of_the_first_round_does_not_close_the_second(world):
    _, case = resolved(world)
    reopen(world.crm, case)
    world.advance(30 * sample.DAY_S)
    after = world.get(case)
    assert after.status == v1.CASE_STATUS_IN_PROGRESS
    follow_up = world.clock(case, v1.CLOCK_KIND_FOLLOW_UP)
    assert (follow_up.round, follow_up.state) == (1, v1.CLOCK_STATE_CANCELLED)


def test_what_lives_is_not_reopened(world):
    ann = world.agent("ann", present=False)
    case = world.open()
    with refused("FAILED_PRECONDITION", "CASE_STATUS") as caught:
        reopen(ann, case)
    assert "case_id" not in caught.error.metadata
    with refused("NOT_FOUND", "CASE_NOT_FOUND"):
        ann.ReopenCase(case_id=str(uuid.uuid4()), expected_version=1, reason="Again.")


@pytest.mark.parametrize("fields, wrong", [({"reason": " "}, ["reason"]), ({"reason": "x" * 1001}, ["reason"]),
                                           ({"expected_version": 0}, ["expected_version"])])
def test_what_is_no_request(world, fields, wrong):
    _, case = resolved(world)
    with refused("INVALID_ARGUMENT") as caught:
        reopen(world.crm, case, **fields)
    assert caught.error.fields == wrong


def test_a_stale_version_is_refused(world):
    _, case = resolved(world)
    with refused("ABORTED", "VERSION_MISMATCH"):
        reopen(world.crm, case, expected_version=1)


def test_another_open_case_of_the_same_kind_goes_on_instead(world):
    ann, case = resolved(world)
    steps.close(ann, case)
    world.advance(31 * sample.DAY_S)
    claim = sample.claim(order=case.failure.order_reference, customer_id=case.customer_id)
    other = world.crm.OpenCase(**claim).case
    assert other.case_id != case.case_id
    with refused("FAILED_PRECONDITION", "CASE_STATUS") as caught:
        reopen(world.crm, case)
    assert caught.error.metadata["case_id"] == other.case_id
    assert world.get(case).status == v1.CASE_STATUS_CLOSED


def test_a_repeated_request_reopens_once(world):
    _, case = resolved(world)
    fields = {"request_id": str(uuid.uuid4()), "case_id": case.case_id, "reason": "Again.",
              "expected_version": world.get(case).version}
    first, again = world.crm.ReopenCase(**fields).case, world.crm.ReopenCase(**fields).case
    assert (first.round, again.round, first.version) == (2, 2, again.version)
    with refused("ALREADY_EXISTS", "REQUEST_ID_REUSED"):
        world.crm.ReopenCase(**{**fields, "reason": "Other."})


def test_claims_and_reopenings_at_once_leave_one_open_case(world):
    """The unique index never has to say it: OpenCase and ReopenCase share a key."""
    for case in [resolved(world, sample.unique("agent"))[1] for _ in range(8)]:
        claim = sample.claim(order=case.failure.order_reference, customer_id=case.customer_id)
        version = world.get(case).version

        def again(case=case, version=version):
            try:
                return reopen(world.crm, case, expected_version=version).case_id
            except Error as error:
                assert error.reason in ("CASE_STATUS", "VERSION_MISMATCH"), error
                return case.case_id

        def anew(claim=claim):
            return world.crm.OpenCase(**claim).case.case_id

        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            done = [pool.submit(one) for one in (again, anew, again, anew, again, anew)]
            results = [one.result() for one in done]
        rows = world.cluster.sql("select count(*) from recovery_case where customer_id = %s"
                                 " and status between 1 and 5", (case.customer_id,))
        assert rows == [(1,)], results
        assert set(results) == {case.case_id}, "whoever comes first, the others join it"
