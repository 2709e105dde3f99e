# SPDX-License-Identifier: Apache-2.0
"""S2.2: any agent may open, note and pick up a case; no "not my department" state exists."""

from harness.api import v1

from .support import sample, steps


def test_any_agent_opens_a_case(world):
    driver = world.agent("driver", present=False, skills=["delivery"])
    opened = driver.OpenCase(**sample.claim("billing.overcharge")).case
    assert opened.signals[0].reporter == "driver"


def test_any_agent_notes_what_happened_on_a_case_of_another(world):
    owner = world.agent("owner")
    case = world.open()
    owner.accept(case)
    driver = world.agent("driver", present=False, skills=["delivery"])
    steps.reach(driver, case, note="Met the customer at the door.")
    steps.say(driver, case)
    steps.find_cause(driver, case)
    assert steps.propose(driver, case).on_the_spot
    assert world.get(case).owner.id == "owner"


def test_any_agent_with_the_skill_picks_up_a_case_that_waits(world):
    case = world.open()
    lead = world.agent("lead", present=False, level=2)
    assert lead.take().case_id == case.case_id
    assert world.get(case).owner.id == "lead"


def test_there_is_no_status_of_not_being_responsible():
    assert set(v1.CaseStatus.keys()) == {
        "CASE_STATUS_" + name for name in (
            "UNSPECIFIED", "OPEN", "IN_PROGRESS", "AWAITING_CUSTOMER", "AWAITING_FULFILMENT",
            "AWAITING_APPROVAL", "RESOLVED", "CLOSED", "WITHDRAWN", "MERGED")}
