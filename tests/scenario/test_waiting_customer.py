# SPDX-License-Identifier: Apache-2.0
"""A customer who waits for an answer is never closed over: what begins a wait, what ends it, and that a
program which was down decides on what was said meanwhile."""

import pytest

from harness.api import v1
from harness.errors import refused

from .support import policy, sample, steps
from .support.world import World

WEEK_S = 7 * sample.DAY_S


def recovered(world, name="ann"):
    ann = world.agent(name, present=False)
    case = world.open()
    ann.take()
    steps.recover(ann, case)
    return ann, case


def write(agent, case, channel=v1.CHANNEL_EMAIL, **more):
    """The customer writes; the response."""
    return agent.RecordContact(case_id=case.case_id, direction=v1.CONTACT_DIRECTION_INBOUND,
                               channel=channel, **more)


def missing(agent, case):
    """What the gate lists when the case is to be resolved."""
    with refused("FAILED_PRECONDITION", "CLOSE_GATE") as caught:
        steps.resolve(agent, case)
    return [field.partition(":")[0] for field in caught.error.fields]


def claim_again(world, case, **changes):
    return world.crm.OpenCase(**sample.claim(case.failure.code, customer_id=case.customer_id,
                                             order=case.failure.order_reference, **changes))


def test_who_waits_is_listed_with_the_instant_since_when(world):
    ann, case = recovered(world)
    asked = write(ann, case).case.update_time
    write(ann, case)
    with refused("FAILED_PRECONDITION", "CLOSE_GATE") as caught:
        steps.resolve(ann, case)
    [(field, text)] = caught.error.violations
    assert field.partition(":")[0] == "ANSWER"
    assert asked.ToJsonString()[:19] in text


def reached(ann, case):
    steps.reach(ann, case)


def answered_in_writing(ann, case):
    steps.attempt(ann, case, v1.CONTACT_OUTCOME_SENT, v1.CHANNEL_EMAIL)


def denied(ann, case):
    steps.deny(ann, case)


def unreachable(ann, case):
    for channel in (v1.CHANNEL_PHONE, v1.CHANNEL_LETTER, v1.CHANNEL_PHONE):
        ann.world.advance(sample.HOUR_S)
        steps.attempt(ann, case, v1.CONTACT_OUTCOME_NO_ANSWER, channel)


@pytest.mark.parametrize("answer", [reached, answered_in_writing, denied, unreachable])
@pytest.mark.parametrize("asked_by", ["letter", "claim"])
def test_each_answer_ends_the_wait(world, answer, asked_by):
    policy.apply(world, policy.current(world).source.replace("window: 5d", "window: 2h"))
    ann, case = recovered(world)
    if asked_by == "letter":
        write(ann, case)
    else:
        claim_again(world, case, channel=v1.CHANNEL_EMAIL)
    assert missing(ann, case) == ["ANSWER"]
    answer(ann, case)
    assert steps.resolve(ann, case).status == v1.CASE_STATUS_RESOLVED


@pytest.mark.parametrize("outcome, channel", [
    (v1.CONTACT_OUTCOME_REACHED, v1.CHANNEL_SYSTEM), (v1.CONTACT_OUTCOME_SENT, v1.CHANNEL_LETTER),
    (v1.CONTACT_OUTCOME_BOUNCED, v1.CHANNEL_EMAIL), (v1.CONTACT_OUTCOME_VOICEMAIL, v1.CHANNEL_PHONE)])
def test_what_is_no_answer(world, outcome, channel):
    ann, case = recovered(world)
    write(ann, case)
    steps.attempt(ann, case, outcome, channel)
    assert missing(ann, case) == ["ANSWER"]


def test_a_program_makes_no_first_response(world):
    ann = world.agent("ann", present=False)
    case = world.open()
    ann.take()
    after = steps.reach(ann, case, v1.CHANNEL_SYSTEM)
    assert world.clock(case, v1.CLOCK_KIND_FIRST_RESPONSE).state == v1.CLOCK_STATE_RUNNING
    assert after.effort.contacts == case.effort.contacts
    steps.reach(ann, case)
    assert world.clock(case, v1.CLOCK_KIND_FIRST_RESPONSE).state == v1.CLOCK_STATE_MET


def test_thanks_change_nothing_and_can_be_corrected(world):
    ann, case = recovered(world)
    before = world.get(case)
    thanks = write(ann, case, asks=v1.CONTACT_ASK_NOTHING, note="Thank you!")
    after = thanks.case
    assert (after.status, after.effort.contacts) == (before.status, before.effort.contacts)
    assert [one.clock_id for one in after.clocks] == [one.clock_id for one in before.clocks]
    assert after.contacts[-1].asks == v1.CONTACT_ASK_NOTHING
    corrected = ann.CorrectContact(case_id=case.case_id, contact_id=thanks.contact_id, asks=v1.CONTACT_ASK_ANSWER)
    assert corrected.contact_id == thanks.contact_id
    assert corrected.case.contacts[-1].note_left_out
    assert world.get(case).contacts[-1].note == "Thank you!", "what was said stays as it was"
    assert world.clock(case, v1.CLOCK_KIND_NEXT_CONTACT).state == v1.CLOCK_STATE_RUNNING
    assert missing(ann, case) == ["ANSWER"]
    ann.CorrectContact(case_id=case.case_id, contact_id=thanks.contact_id, asks=v1.CONTACT_ASK_NOTHING)
    assert steps.resolve(ann, case).status == v1.CASE_STATUS_RESOLVED
    assert world.kinds(case)[-3:] == ["CONTACT_CORRECTED", "CONTACT_CORRECTED", "CASE_RESOLVED"]
    assert world.verify(case).intact


@pytest.mark.parametrize("fields, wrong", [
    ({"outcome": v1.CONTACT_OUTCOME_SENT, "channel": v1.CHANNEL_PHONE}, "outcome"),
    ({"outcome": v1.CONTACT_OUTCOME_REACHED, "asks": v1.CONTACT_ASK_NOTHING}, "asks"),
    ({"outcome": v1.CONTACT_OUTCOME_REACHED, "asks": 7}, "asks")])
def test_what_is_no_contact(world, fields, wrong):
    ann, case = recovered(world)
    with refused("INVALID_ARGUMENT") as caught:
        ann.RecordContact(**{"case_id": case.case_id, "direction": v1.CONTACT_DIRECTION_OUTBOUND,
                             "channel": v1.CHANNEL_EMAIL, **fields})
    assert wrong in caught.error.fields


def test_what_cannot_be_corrected(world):
    ann, case = recovered(world)
    outbound = world.get(case).contacts[0]
    with refused("INVALID_ARGUMENT") as caught:
        ann.CorrectContact(case_id=case.case_id, contact_id=outbound.contact_id, asks=v1.CONTACT_ASK_NOTHING)
    assert caught.error.fields == ["contact_id"]
    with refused("NOT_FOUND", "CONTACT_NOT_FOUND"):
        ann.CorrectContact(case_id=case.case_id, contact_id=case.case_id, asks=v1.CONTACT_ASK_NOTHING)
    with refused("PERMISSION_DENIED", "NOT_AN_AGENT"):
        world.crm.CorrectContact(case_id=case.case_id, contact_id=outbound.contact_id, asks=v1.CONTACT_ASK_NOTHING)


@pytest.mark.parametrize("late_s", [-0.05, 0.05, 3600])
def test_a_letter_wins_against_an_end_that_nobody_has_looked_at(make_cluster, late_s):
    """Assignment, which watches the clocks, is down while the follow-up window ends. A letter that was
    acknowledged before, or at any time until it looks again, keeps the case from being closed."""
    cluster = make_cluster()
    world = World(cluster, "demo")
    ann, case = recovered(world)
    ann.SetPresence(presence=v1.PRESENCE_AWAY)
    steps.resolve(ann, case)
    due = sample.seconds(world.clock(case, v1.CLOCK_KIND_FOLLOW_UP).due_time)
    assignment = cluster.replica("assignment")
    assignment.kill()
    cluster.advance(due - sample.seconds(world.get(case).update_time) + late_s)
    write(ann, case)
    cluster.advance(60)
    cluster.restart(assignment)
    cluster.advance(12 * sample.HOUR_S)
    kinds = world.kinds(case)
    assert "CASE_CLOSED" not in kinds, kinds
    assert "CASE_RETURNED" in kinds
    reply = next(one for one in world.get(case).clocks if one.name == "reply")
    assert reply.state == v1.CLOCK_STATE_BREACHED, "nobody answered for eight hours"
    steps.reach(ann, case)
    steps.resolve(ann, case)
    world.advance(2 * WEEK_S)
    assert world.get(case).status == v1.CASE_STATUS_CLOSED
    assert world.verify(case).intact
