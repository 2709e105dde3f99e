# SPDX-License-Identifier: Apache-2.0
"""S1.3: a remedy is done when it is fulfilled, and not when it is promised; an accepted remedy that was not
fulfilled keeps the case from being closed."""

import pytest

from harness.api import v1
from harness.errors import refused

from .support import steps


@pytest.fixture
def owned(world):
    """(owner, case) with everything but the refund done."""
    ann = world.agent("ann", present=False)
    case = world.open()
    ann.take()
    steps.reach(ann, case)
    steps.say(ann, case)
    steps.find_cause(ann, case)
    return ann, case


def test_an_accepted_refund_is_still_owed(world, owned):
    ann, case = owned
    remedy = steps.answer(ann, case, steps.propose(ann, case))
    assert remedy.state == v1.REMEDY_STATE_ACCEPTED
    assert world.get(case).status == v1.CASE_STATUS_AWAITING_FULFILMENT


def test_an_owed_refund_blocks_resolving(world, owned):
    ann, case = owned
    remedy = steps.answer(ann, case, steps.propose(ann, case))
    with refused("FAILED_PRECONDITION", "CLOSE_GATE") as caught:
        steps.resolve(ann, case)
    assert any(remedy.remedy_id in text for _, text in caught.error.violations)


def test_a_refund_under_way_blocks_resolving(world, owned):
    ann, case = owned
    remedy = steps.answer(ann, case, steps.propose(ann, case))
    steps.report(ann, case, remedy, v1.FULFILMENT_OUTCOME_STARTED, reference="")
    with refused("FAILED_PRECONDITION", "CLOSE_GATE"):
        steps.resolve(ann, case)


def test_another_remedy_does_not_hide_the_one_that_is_owed(world, owned):
    ann, case = owned
    steps.give(ann, case, v1.REMEDY_KIND_GIFT, reference="PARCEL-1")
    steps.answer(ann, case, steps.propose(ann, case))
    with refused("FAILED_PRECONDITION", "CLOSE_GATE"):
        steps.resolve(ann, case)


def test_the_refund_that_arrived_lets_the_case_resolve(world, owned):
    ann, case = owned
    remedy = steps.give(ann, case, reference="RF-77")
    assert (remedy.state, remedy.fulfilment_reference) == (v1.REMEDY_STATE_FULFILLED, "RF-77")
    assert steps.resolve(ann, case).status == v1.CASE_STATUS_RESOLVED


def test_the_system_that_pays_reports_the_refund(world, owned):
    ann, case = owned
    remedy = steps.answer(ann, case, steps.propose(ann, case))
    payments = world.principal("payments")
    assert steps.report(payments, case, remedy).state == v1.REMEDY_STATE_FULFILLED
    assert world.history(case)[-1].actor == "payments"
