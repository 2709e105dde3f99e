# SPDX-License-Identifier: Apache-2.0
"""The close gate lists all that is missing, at once; who may resolve; the version that was read."""

from harness.api import v1
from harness.errors import refused

from .support import sample, steps

KINDS = ["CONTACT", "ROOT_CAUSE", "ACT", "REMEDY_OR_DENIAL"]


def owned(world):
    ann = world.agent("ann", present=False)
    case = world.open()
    ann.take()
    return ann, case


def test_all_that_is_missing_is_listed_at_once(world):
    ann, case = owned(world)
    with refused("FAILED_PRECONDITION", "CLOSE_GATE") as caught:
        steps.resolve(ann, case)
    assert [field.partition(":")[0] for field in caught.error.fields] == KINDS
    assert all(text for _, text in caught.error.violations)


def test_every_remedy_that_is_owed_is_listed(world):
    ann, case = owned(world)
    owed = [steps.answer(ann, case, steps.propose(ann, case, amount=sample.usd(units)))
            for units in (10, 20)]
    with refused("FAILED_PRECONDITION", "CLOSE_GATE") as caught:
        steps.resolve(ann, case)
    texts = [text for field, text in caught.error.violations if field.startswith("UNFULFILLED_REMEDY")]
    assert len(texts) == 2
    assert all(any(one.remedy_id in text for text in texts) for one in owed)


def test_a_disclosed_denial_stands_for_the_remedy(world):
    ann, case = owned(world)
    steps.reach(ann, case)
    steps.say(ann, case, v1.ACT_KIND_EXPLANATION)
    steps.find_cause(ann, case)
    steps.deny(ann, case)
    assert steps.resolve(ann, case).status == v1.CASE_STATUS_RESOLVED


def test_thanks_are_no_apology(world):
    ann, case = owned(world)
    steps.reach(ann, case)
    steps.say(ann, case, v1.ACT_KIND_THANKS)
    steps.find_cause(ann, case)
    steps.give(ann, case)
    with refused("FAILED_PRECONDITION", "CLOSE_GATE") as caught:
        steps.resolve(ann, case)
    assert [field.partition(":")[0] for field in caught.error.fields] == ["ACT"]


def unreachable(world, ann, case, channels, days):
    """One attempt on each channel, spread over so many days."""
    steps.say(ann, case)
    steps.find_cause(ann, case)
    steps.deny(ann, case)
    for number, channel in enumerate(channels):
        if number:
            world.advance(days * sample.DAY_S / (len(channels) - 1))
        steps.attempt(ann, case, v1.CONTACT_OUTCOME_NO_ANSWER, channel)


def test_the_unreachable_rule(world):
    ann, case = owned(world)
    phone, mail = v1.CHANNEL_PHONE, v1.CHANNEL_EMAIL
    unreachable(world, ann, case, [phone, mail, phone], 5)
    assert steps.resolve(ann, case).status == v1.CASE_STATUS_RESOLVED


def test_two_days_of_trying_are_too_few(world):
    ann, case = owned(world)
    phone, mail = v1.CHANNEL_PHONE, v1.CHANNEL_EMAIL
    unreachable(world, ann, case, [phone, mail, phone], 2)
    with refused("FAILED_PRECONDITION", "CLOSE_GATE") as caught:
        steps.resolve(ann, case)
    assert [field.partition(":")[0] for field in caught.error.fields] == ["CONTACT"]


def test_one_channel_is_too_few(world):
    ann, case = owned(world)
    unreachable(world, ann, case, [v1.CHANNEL_PHONE] * 3, 5)
    with refused("FAILED_PRECONDITION", "CLOSE_GATE"):
        steps.resolve(ann, case)


def test_a_case_that_nobody_accepted_is_not_resolved(world):
    case = world.open()
    lead = world.agent("lead", level=2, present=False)
    steps.recover(lead, case)
    with refused("FAILED_PRECONDITION", "CASE_STATUS"):
        steps.resolve(lead, case)


def test_a_stale_version_is_refused_with_the_current_one(world):
    ann, case = owned(world)
    steps.recover(ann, case)
    version = world.get(case).version
    with refused("ABORTED", "VERSION_MISMATCH") as caught:
        ann.ResolveCase(case_id=case.case_id, expected_version=version - 1)
    assert caught.error.metadata["current_version"] == str(version)


def test_the_version_is_required(world):
    ann, case = owned(world)
    with refused("INVALID_ARGUMENT") as caught:
        ann.ResolveCase(case_id=case.case_id)
    assert caught.error.fields == ["expected_version"]


def test_what_was_offered_and_never_answered_expires(world):
    ann, case = owned(world)
    steps.recover(ann, case)
    open_offer = steps.propose(ann, case, v1.REMEDY_KIND_GIFT)
    resolved = steps.resolve(ann, case)
    state = {one.remedy_id: one.state for one in resolved.remedies}[open_offer.remedy_id]
    assert state == v1.REMEDY_STATE_EXPIRED
    expired, told = world.history(case)[-2:]
    assert (expired.kind, expired.actor, told.kind) == (
        v1.EVENT_KIND_REMEDY_EXPIRED, "ann", v1.EVENT_KIND_CASE_RESOLVED)
    assert (expired.detail.remedy.remedy_id, expired.detail.remedy.state) == (
        open_offer.remedy_id, v1.REMEDY_STATE_EXPIRED)
    assert world.verify(case).intact


def test_a_closed_case_takes_words_and_nothing_more(world):
    ann, case = owned(world)
    steps.recover(ann, case)
    steps.resolve(ann, case)
    steps.close(ann, case)
    assert steps.reach(ann, case).status == v1.CASE_STATUS_CLOSED
    version = world.get(case).version
    for step in (steps.say, steps.find_cause, steps.propose, steps.resolve, steps.close):
        with refused("FAILED_PRECONDITION", "CASE_STATUS"):
            step(ann, case)
    assert world.get(case).version == version
