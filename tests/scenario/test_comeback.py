# SPDX-License-Identifier: Apache-2.0
"""The customer's last word: whoever writes, claims again or loses a remedy after the case was resolved or
closed is heard, whatever its status, and the case goes back to work where it was."""

import uuid

import pytest

from harness.api import new_id, v1
from harness.errors import refused

from .support import policy, sample, steps
from .support.redis import both_ways

pytestmark = both_ways


def resolved(world, *, denied=False):
    ann = world.agent("ann", present=False)
    case = world.open()
    ann.SetPresence(presence=v1.PRESENCE_AWAY)
    ann.take()
    if denied:
        steps.reach(ann, case)
        steps.say(ann, case)
        steps.find_cause(ann, case)
        steps.deny(ann, case)
    else:
        steps.recover(ann, case)
    case = steps.resolve(ann, case)
    world.advance(sample.DAY_S)
    return ann, case


def write(agent, case, channel=v1.CHANNEL_LETTER, **more):
    return agent.RecordContact(case_id=case.case_id, direction=v1.CONTACT_DIRECTION_INBOUND,
                               channel=channel, **more).case


def claim(world, case, **changes):
    return world.crm.OpenCase(**sample.claim(case.failure.code, customer_id=case.customer_id,
                                             order=case.failure.order_reference, **changes))


def by_letter(world, ann, case):
    return write(ann, case)


def by_claim(world, ann, case):
    response = claim(world, case)
    assert response.joined
    return response.case


def by_reversal(world, ann, case):
    steps.report(world.principal("payments"), case, case.remedies[0], v1.FULFILMENT_OUTCOME_REVERSED, "")
    return world.get(case)


def by_correction(world, ann, case):
    thanks = write(ann, case, asks=v1.CONTACT_ASK_NOTHING)
    assert thanks.status == case.status, "thanks change nothing"
    return ann.CorrectContact(case_id=case.case_id, contact_id=thanks.contacts[-1].contact_id,
                              asks=v1.CONTACT_ASK_ANSWER).case


WAYS = [by_letter, by_claim, by_reversal, by_correction]


def told(world, case):
    """Who was notified that the case came back, and of late words."""
    return world.cluster.sql("select recipient, template from notification where case_id = %s"
                             " and kind in (3, 4) order by recipient", (case.case_id,))


@pytest.mark.parametrize("comes", WAYS)
def test_about_a_resolved_case_it_goes_on_in_the_same_round(world, comes):
    ann, case = resolved(world)
    before = {one.name: one for one in case.clocks}
    after = comes(world, ann, case)
    assert (after.status, after.round, after.level, after.owner.id) == (v1.CASE_STATUS_IN_PROGRESS, 1, 1, "ann")
    assert after.first_resolve_time == case.resolve_time and not after.HasField("resolve_time")
    assert after.owner.assignment_generation == case.owner.assignment_generation
    clocks = {one.name: one for one in after.clocks}
    assert before["resolution"].state == v1.CLOCK_STATE_MET
    assert clocks["resolution"].state == v1.CLOCK_STATE_RUNNING
    away = sample.seconds(after.update_time) - sample.seconds(case.resolve_time)
    moved = sample.seconds(clocks["resolution"].due_time) - sample.seconds(before["resolution"].due_time)
    assert abs(moved - away) < 1, "without the time for which it was resolved"
    assert clocks["resolution"].pauses[-1].reason == v1.PAUSE_REASON_RESOLVED
    assert clocks["follow_up"].state == v1.CLOCK_STATE_CANCELLED
    assert world.kinds(case)[-1] == "CASE_RETURNED"
    assert told(world, case) == [("ann", "returned"), ("steward", "returned")]
    assert world.verify(case).intact


def test_it_is_answered_resolved_again_and_closes_by_itself(world):
    ann, case = resolved(world)
    write(ann, case)
    with refused("FAILED_PRECONDITION", "CASE_STATUS"):
        steps.close(ann, case)
    with refused("FAILED_PRECONDITION", "CLOSE_GATE"):
        steps.resolve(ann, case)
    steps.attempt(ann, case, v1.CONTACT_OUTCOME_SENT, v1.CHANNEL_LETTER)
    again = steps.resolve(ann, case)
    assert again.first_resolve_time == case.resolve_time
    world.advance(8 * sample.DAY_S)
    assert world.get(case).status == v1.CASE_STATUS_CLOSED
    assert world.kinds(case).count("CASE_RESOLVED") == 2
    assert world.verify(case).intact


@pytest.mark.parametrize("comes", WAYS)
def test_about_a_closed_case_it_begins_the_next_round_at_the_same_level(world, comes):
    ann, case = resolved(world)
    case = steps.close(ann, case)
    world.advance(29 * sample.DAY_S)
    after = comes(world, ann, case)
    assert (after.status, after.round, after.level, after.owner.id) == (v1.CASE_STATUS_IN_PROGRESS, 2, 1, "ann")
    assert world.kinds(case)[-1] == "CASE_REOPENED"
    with refused("FAILED_PRECONDITION", "CLOSE_GATE"):
        steps.resolve(ann, case)


@pytest.mark.parametrize("comes", [by_letter, by_reversal, by_correction])
def test_later_it_is_kept_and_the_steward_told(world, comes):
    ann, case = resolved(world)
    case = steps.close(ann, case)
    world.advance(30 * sample.DAY_S + 1)
    after = comes(world, ann, case)
    assert (after.status, after.round) == (v1.CASE_STATUS_CLOSED, 1)
    assert told(world, case) == [("steward", "late word")]
    assert world.verify(case).intact


def test_policy_says_how_long(world):
    source = policy.current(world).source
    policy.apply(world, source + "\nreopen: {within: 1h}\n")
    ann, case = resolved(world)
    case = steps.close(ann, case)
    world.advance(2 * sample.HOUR_S)
    assert write(ann, case).status == v1.CASE_STATUS_CLOSED
    assert not claim(world, case).joined


def test_who_went_home_does_not_get_it_back(world):
    ann, case = resolved(world)
    ann.SetPresence(presence=v1.PRESENCE_OFFLINE)
    after = write(ann, case)
    assert (after.status, after.level, after.owner.id) == (v1.CASE_STATUS_OPEN, 1, "steward")
    lea = world.agent("lea", present=False)
    assert lea.take().case_id == case.case_id, "it waits in the queue of its level"


@pytest.mark.parametrize("close", [False, True])
def test_an_appeal_rises_once_and_polite_letters_do_not(world, close):
    ann, case = resolved(world, denied=True)
    levels = []
    for _ in range(4):
        if close:
            steps.close(ann, case)
        levels.append(write(ann, case).level)
        steps.reach(ann, case)
        if close:
            steps.say(ann, case)
            steps.give(ann, case, kind=v1.REMEDY_KIND_GIFT, reference=str(uuid.uuid4()))
        steps.resolve(ann, case)
    assert levels == [2, 2, 2, 2]
    assert world.get(case).HasField("appeal_time")


def test_a_bad_answer_to_a_survey_rises(world):
    ann, case = resolved(world)
    after = claim(world, case, trigger=v1.TRIGGER_SURVEY, channel=v1.CHANNEL_SURVEY).case
    assert (after.status, after.round, after.level, after.owner.id) == (v1.CASE_STATUS_IN_PROGRESS, 1, 2, "ann")
    assert ann.id == after.owner.id


def test_a_promise_on_a_resolved_case(world):
    ann, case = resolved(world)
    due = sample.seconds(world.get(case).update_time) + 10 * sample.DAY_S
    ann.MakePromise(case_id=case.case_id, kind=v1.PROMISE_KIND_CALL_BACK, description="a call",
                    promise_time=sample.timestamp(due))
    with refused("FAILED_PRECONDITION", "CLOSE_GATE"):
        steps.close(ann, case)
    world.advance(8 * sample.DAY_S)
    assert world.get(case).status == v1.CASE_STATUS_RESOLVED, "it is not closed over the promise"
    world.advance(2 * sample.DAY_S)
    kinds = world.kinds(case)
    assert kinds.index("CASE_RETURNED") < kinds.index("CLOCK_BREACHED", kinds.index("CASE_RETURNED"))
    after = world.get(case)
    assert after.round == 1 and after.level >= 2 and after.severity == case.severity + 1
    assert world.verify(case).intact


def test_a_letter_is_recorded_once_however_often_it_is_told(world):
    ann, case = resolved(world)
    fields = {"request_id": str(uuid.uuid4()), "case_id": case.case_id, "channel": v1.CHANNEL_EMAIL,
              "direction": v1.CONTACT_DIRECTION_INBOUND}
    first, again = ann.RecordContact(**fields), ann.RecordContact(**fields)
    assert (first.contact_id, first.case.version) == (again.contact_id, again.case.version)


@pytest.mark.parametrize("answer,back", [(v1.CUSTOMER_ANSWER_ACCEPTED, True), (v1.CUSTOMER_ANSWER_COUNTERED, True),
                                         (v1.CUSTOMER_ANSWER_DECLINED, False)])
def test_an_answer_to_a_remedy_after_resolving_is_kept(world, answer, back):
    ann = world.agent("ann", present=False)
    world.open()
    ann.SetPresence(presence=v1.PRESENCE_AWAY)
    case = ann.take()
    steps.recover(ann, case)
    offered = steps.propose(ann, case, v1.REMEDY_KIND_GIFT)
    resolved = steps.resolve(ann, case)
    request = {"case_id": case.case_id, "remedy_id": offered.remedy_id, "answer": answer, "note": "About the gift.",
               "request_id": new_id()}
    said = ann.RecordCustomerResponse(**request)
    assert said.remedy.state == v1.REMEDY_STATE_EXPIRED
    assert said.case.status == (v1.CASE_STATUS_IN_PROGRESS if back else v1.CASE_STATUS_RESOLVED)
    contact = said.case.contacts[-1]
    assert (contact.direction, contact.channel, contact.note) == (
        v1.CONTACT_DIRECTION_INBOUND, case.channel, "About the gift.")
    told = world.history(case)[resolved.version]
    assert (told.kind, told.detail.remedy.remedy_id, told.personal.text) == (
        v1.EVENT_KIND_CONTACT_RECORDED, offered.remedy_id, "About the gift.")
    assert ("ann",) in world.cluster.sql("select recipient from notification where case_id = %s and kind = 4",
                                         (case.case_id,))
    again = ann.RecordCustomerResponse(**request)
    assert (again.case.version, again.remedy) == (said.case.version, said.remedy)
    if back:
        again = steps.propose(ann, case, v1.REMEDY_KIND_GIFT)
        ann.RecordCustomerResponse(case_id=case.case_id, remedy_id=again.remedy_id, answer=v1.CUSTOMER_ANSWER_ACCEPTED)
    assert world.verify(case).intact
