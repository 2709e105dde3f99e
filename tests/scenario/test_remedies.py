# SPDX-License-Identifier: Apache-2.0
"""The life of a remedy: offered, answered, fulfilled once, never paid twice."""

import pytest

from harness.api import new_id, v1
from harness.errors import refused

from .support import sample, steps


@pytest.fixture
def ann(world):
    return world.agent("ann", present=False)


@pytest.fixture
def case(world):
    return world.open()


def test_the_customer_may_ask_for_something_else(world, ann, case):
    steps.answer(ann, case, steps.propose(ann, case), v1.CUSTOMER_ANSWER_COUNTERED)
    steps.give(ann, case, v1.REMEDY_KIND_REPLACEMENT, reference="PARCEL-9")
    states = [one.state for one in world.get(case).remedies]
    assert states == [v1.REMEDY_STATE_COUNTERED, v1.REMEDY_STATE_FULFILLED]


@pytest.mark.parametrize("said", ["ACCEPTED", "DECLINED", "COUNTERED"])
def test_an_answer_is_given_once(ann, case, said):
    remedy = steps.propose(ann, case)
    steps.answer(ann, case, remedy, v1.CustomerAnswer.Value(f"CUSTOMER_ANSWER_{said}"))
    with refused("FAILED_PRECONDITION", "REMEDY_STATE") as caught:
        steps.answer(ann, case, remedy)
    assert caught.error.metadata["state"] == said


def test_nothing_is_fulfilled_that_was_not_accepted(ann, case):
    remedy = steps.propose(ann, case)
    with refused("FAILED_PRECONDITION", "REMEDY_STATE"):
        steps.report(ann, case, remedy)


def test_fulfilment_needs_its_proof(ann, case):
    remedy = steps.answer(ann, case, steps.propose(ann, case))
    with refused("INVALID_ARGUMENT") as caught:
        steps.report(ann, case, remedy, reference="")
    assert caught.error.fields == ["external_reference"]


def test_the_same_report_again_changes_nothing(world, ann, case):
    remedy = steps.give(ann, case, reference="RF-1")
    version = world.get(case).version
    payments = world.principal("payments")
    assert steps.report(payments, case, remedy, reference="RF-1").state == v1.REMEDY_STATE_FULFILLED
    assert world.get(case).version == version


def test_another_proof_for_the_same_remedy_is_refused(ann, case):
    remedy = steps.give(ann, case, reference="RF-1")
    with refused("FAILED_PRECONDITION"):
        steps.report(ann, case, remedy, reference="RF-2")


def test_the_same_compensation_is_not_given_twice(ann, case):
    steps.give(ann, case, amount=sample.usd(40), reference="RF-1")
    with refused("FAILED_PRECONDITION", "ALREADY_COMPENSATED"):
        steps.propose(ann, case, amount=sample.usd(40))


def test_a_failed_remedy_can_be_replaced(world, ann, case):
    remedy = steps.answer(ann, case, steps.propose(ann, case))
    steps.report(ann, case, remedy, v1.FULFILMENT_OUTCOME_STARTED, reference="")
    failed = steps.report(ann, case, remedy, v1.FULFILMENT_OUTCOME_FAILED, reference="RF-1 bounced")
    assert failed.state == v1.REMEDY_STATE_FAILED
    assert steps.give(ann, case, reference="RF-2").state == v1.REMEDY_STATE_FULFILLED


def test_a_reversed_refund_is_no_remedy(world, ann, case):
    mine = ann.take()
    steps.recover(ann, mine)
    remedy = world.get(mine).remedies[0]
    steps.report(ann, mine, remedy, v1.FULFILMENT_OUTCOME_REVERSED, reference="RF-1")
    with refused("FAILED_PRECONDITION", "CLOSE_GATE"):
        steps.resolve(ann, mine)


def test_an_unknown_remedy_is_not_found(ann, case):
    with refused("NOT_FOUND", "REMEDY_NOT_FOUND"):
        ann.RecordCustomerResponse(case_id=case.case_id, remedy_id=new_id(),
                                   answer=v1.CUSTOMER_ANSWER_ACCEPTED)


@pytest.mark.parametrize("kind", ["REFUND", "CREDIT", "WAIVER"])
def test_money_needs_an_amount(ann, case, kind):
    with refused("INVALID_ARGUMENT") as caught:
        ann.ProposeRemedy(case_id=case.case_id, kind=v1.RemedyKind.Value(f"REMEDY_KIND_{kind}"))
    assert caught.error.fields == ["amount"]


def test_status_follows_what_is_to_do(world, ann, case):
    def status():
        return v1.CaseStatus.Name(world.get(case).status).removeprefix("CASE_STATUS_")

    assert status() == "OPEN"
    ann.take()
    steps.reach(ann, case)
    steps.say(ann, case)
    steps.find_cause(ann, case)
    assert status() == "IN_PROGRESS"
    remedy = steps.propose(ann, case)
    assert status() == "AWAITING_CUSTOMER"
    steps.answer(ann, case, remedy)
    assert status() == "AWAITING_FULFILMENT"
    steps.report(ann, case, remedy)
    assert status() == "IN_PROGRESS"
    steps.resolve(ann, case)
    assert status() == "RESOLVED"
    steps.close(ann, case)
    assert status() == "CLOSED"
