# SPDX-License-Identifier: Apache-2.0
"""S4.4: a few claimants want something for nothing: the history of claims is there for people to see, and
nothing is denied automatically. Claim signals come later."""

from harness.api import v1

from .support import sample, steps


def test_a_customer_with_many_claims_still_gets_a_case(world):
    for _ in range(12):
        world.crm.OpenCase(**sample.claim(customer_id="often"))
    case = world.open(customer_id="often")
    assert case.status == v1.CASE_STATUS_OPEN
    assert not case.HasField("denial")


def test_people_see_what_was_claimed_given_and_denied_before(world):
    ann = world.agent("ann", present=False)
    given = world.open(customer_id="often")
    ann.take()
    steps.give(ann, given)
    denied = world.open(customer_id="often")
    ann.take()
    steps.deny(ann, denied)
    ids = [one.case_id for one in ann.ListCases(customer_id="often").cases]
    before = {one.case_id: one for one in ann.BatchGetCases(case_ids=ids).cases}
    assert before[given.case_id].remedies[0].state == v1.REMEDY_STATE_FULFILLED
    assert before[denied.case_id].denial.reason
