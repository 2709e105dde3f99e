# SPDX-License-Identifier: Apache-2.0
"""S4.2: who is responsible, when the customer was contacted and whether it succeeded, the root cause, the
resolution offered: each is a first-class record; none can be skipped before closing."""

import pytest

from harness.api import v1
from harness.errors import refused

from .support import steps

DONE = {"CONTACT": steps.reach, "ACT": steps.say, "ROOT_CAUSE": steps.find_cause,
        "REMEDY_OR_DENIAL": steps.give}


@pytest.fixture
def owned(world):
    ann = world.agent("ann", present=False)
    case = world.open()
    ann.take()
    return ann, case


@pytest.mark.parametrize("skipped", DONE)
def test_what_was_skipped_is_named(world, owned, skipped):
    ann, case = owned
    for name, step in DONE.items():
        if name != skipped:
            step(ann, case)
    with refused("FAILED_PRECONDITION", "CLOSE_GATE") as caught:
        steps.resolve(ann, case)
    assert [field.partition(":")[0] for field in caught.error.fields] == [skipped]
    DONE[skipped](ann, case)
    assert steps.resolve(ann, case).status == v1.CASE_STATUS_RESOLVED


def test_the_case_shows_who_when_why_and_what(world, owned):
    ann, case = owned
    steps.attempt(ann, case, v1.CONTACT_OUTCOME_VOICEMAIL, note="Left a message.")
    steps.recover(ann, case)
    now = world.get(case)
    assert now.owner.id == "ann"
    assert [one.outcome for one in now.contacts] == [v1.CONTACT_OUTCOME_VOICEMAIL,
                                                     v1.CONTACT_OUTCOME_REACHED]
    assert all(one.contact_time.seconds for one in now.contacts)
    assert (now.root_cause.code, now.root_cause.preventable, now.root_cause.actor) == (
        "process.handover", True, "ann")
    assert now.remedies[0].kind == v1.REMEDY_KIND_REFUND


def test_a_case_is_closed_only_after_it_was_resolved(world, owned):
    ann, case = owned
    with refused("FAILED_PRECONDITION", "CASE_STATUS"):
        steps.close(ann, case)
    steps.recover(ann, case)
    steps.resolve(ann, case)
    closed = steps.close(ann, case)
    assert closed.status == v1.CASE_STATUS_CLOSED
    assert closed.close_time.seconds >= closed.resolve_time.seconds > 0
