# SPDX-License-Identifier: Apache-2.0
"""S0.2: repeat claims join the open case and raise its priority, none is lost; a denial without a reason
disclosed to the customer is impossible."""

import pytest

from harness.api import v1
from harness.errors import refused

from .support import sample, steps


def file_again(world, case, **changes):
    return world.crm.OpenCase(**sample.claim(case.failure.code, customer_id=case.customer_id,
                                             order=case.failure.order_reference, **changes))


def test_repeat_claims_join_and_none_is_lost(world):
    case = world.open(description="First.")
    for text in ("Second.", "Third."):
        again = file_again(world, case, description=text, channel=v1.CHANNEL_LETTER)
        assert again.joined
        assert again.case.case_id == case.case_id
    signals = world.get(case).signals
    assert [(one.number, one.text) for one in signals] == [(1, "First."), (2, "Second."), (3, "Third.")]
    assert world.kinds(case) == ["CASE_OPENED", "SIGNAL_JOINED", "SIGNAL_JOINED"]


def test_every_repeat_raises_the_priority_and_counts_as_effort(world):
    case = world.open(minutes_lost=10)
    again = file_again(world, case, minutes_lost=25).case
    assert again.boost_ms > case.boost_ms
    assert again.effort.contacts == case.effort.contacts + 1
    assert again.effort.minutes_lost == 35


@pytest.mark.parametrize("difference", ["customer", "order", "failure"])
def test_another_failure_is_another_case(world, difference):
    case = world.open()
    claim = sample.claim(customer_id=case.customer_id, order=case.failure.order_reference)
    if difference == "customer":
        claim["customer_id"] = sample.unique("customer")
    elif difference == "order":
        claim["failure"].order_reference = sample.unique("order")
    else:
        claim["failure"].code = "billing.wrong_fee"
    other = world.crm.OpenCase(**claim)
    assert not other.joined
    assert other.case.case_id != case.case_id


def test_a_claim_after_the_case_was_over_for_long_is_a_new_case_that_names_it(world):
    case = world.open()
    ann = world.agent("ann", present=False)
    ann.take()
    steps.recover(ann, case)
    steps.resolve(ann, case)
    steps.close(ann, case)
    world.advance(30 * sample.DAY_S + 1)
    again = file_again(world, case)
    assert not again.joined
    assert again.case.earlier_case_id == case.case_id
    assert world.history(again.case)[0].detail.earlier_case_id == case.case_id
    assert file_again(world, case).case.case_id == again.case.case_id


@pytest.mark.parametrize("field,value", [
    ("reason", ""),
    ("reason", "  \n"),
    ("disclosure_channel", v1.CHANNEL_UNSPECIFIED),
    ("disclosure_time", None),
])
def test_no_denial_without_a_disclosed_reason(world, field, value):
    case = world.open()
    ann = world.agent("ann", present=False)
    ann.take()
    with refused("INVALID_ARGUMENT", "INVALID_ARGUMENT") as caught:
        steps.deny(ann, case, **{field: value})
    assert caught.error.fields == [field]
    assert not world.get(case).HasField("denial")


def test_a_second_denial_needs_a_new_reason_and_all_are_shown(world):
    case = world.open()
    ann = world.agent("ann", present=False)
    ann.take()
    steps.deny(ann, case, reason="Outside of the warranty.")
    with refused("INVALID_ARGUMENT") as caught:
        steps.deny(ann, case, reason="outside of the warranty. ")
    assert caught.error.fields == ["reason"]
    steps.deny(ann, case, reason="The seam was cut.")
    after = world.get(case)
    assert [one.reason for one in after.denials] == ["Outside of the warranty.", "The seam was cut."]
    assert after.denial == after.denials[-1]


def test_a_denial_shows_what_the_customer_was_told(world):
    case = world.open()
    ann = world.agent("ann", present=False)
    ann.take()
    denial = steps.deny(ann, case, reason="Outside of the warranty.").denial
    assert (denial.reason, denial.disclosure_channel, denial.actor) == (
        "Outside of the warranty.", v1.CHANNEL_LETTER, "ann")
    assert world.kinds(case)[-1] == "CLAIM_DENIED"
