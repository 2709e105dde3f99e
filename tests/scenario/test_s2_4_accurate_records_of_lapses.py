# SPDX-License-Identifier: Apache-2.0
"""S2.4: a failure taxonomy, the customer's history, cases before the customer complains. Recurrence
detection and incidents come later; here a detected failure opens its case and lists give the history."""

from harness.api import v1
from harness.errors import refused

from .support import sample


def test_a_failure_outside_of_the_taxonomy_is_refused_with_its_branches(world):
    with refused("INVALID_ARGUMENT", "INVALID_ARGUMENT") as caught:
        world.crm.OpenCase(**sample.claim("weather.rain"))
    assert caught.error.fields == ["failure.code"]
    assert "billing" in caught.error.violations[0][1]


def test_a_finer_code_than_the_taxonomy_counts_for_its_branch(world):
    case = world.open("billing.overcharge.roaming")
    assert case.failure.code == "billing.overcharge.roaming"
    assert case.severity == 3


def test_the_taxonomy_gives_the_severity_that_nobody_stated(world):
    assert world.open("product.unsafe").severity == 5
    assert world.open("product.unsafe", severity=2).severity == 2


def test_cases_are_counted_by_code_and_by_branch(world):
    for code in ("delivery.late", "delivery.late", "delivery.lost", "outage.total"):
        world.crm.OpenCase(**sample.claim(code))
    count = {code: len(world.crm.ListCases(failure_code=code).cases)
             for code in ("delivery", "delivery.late", "delivery.l", "outage")}
    assert count == {"delivery": 3, "delivery.late": 2, "delivery.l": 0, "outage": 1}


def test_the_front_line_sees_the_customers_history_in_one_call(world):
    ann = world.agent("ann", present=False)
    opened = [world.open(code, customer_id="c-1") for code in ("delivery.late", "delivery.lost")]
    world.open("delivery.late", customer_id="c-2")
    seen = ann.ListCases(customer_id="c-1").cases
    assert [one.case_id for one in seen] == [one.case_id for one in reversed(opened)]


def test_a_detected_failure_opens_a_case_before_the_customer_complains(world):
    case = world.open("outage.total", trigger=v1.TRIGGER_DETECTED_FAILURE, channel=v1.CHANNEL_SYSTEM)
    assert case.effort.contacts == 0
    assert world.clock(case, v1.CLOCK_KIND_FIRST_RESPONSE).state == v1.CLOCK_STATE_RUNNING
