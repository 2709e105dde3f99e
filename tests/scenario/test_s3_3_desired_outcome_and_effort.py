# SPDX-License-Identifier: Apache-2.0
"""S3.3: "You want money" - the customer wanted action, and his wasted hours recognised: desired outcome
and effort are on record; easing the inconvenience is a remedy of its own. Ranking remedies by them comes
with SuggestRemedies."""

from harness.api import v1

from .support import sample, steps


def test_what_the_customer_wants_is_on_record(world):
    wanted = [v1.DESIRED_OUTCOME_ACTION, v1.DESIRED_OUTCOME_PREVENTION]
    case = world.open(desired_outcomes=wanted)
    assert list(case.desired_outcomes) == wanted


def test_a_repeat_claim_adds_what_else_is_wanted(world):
    case = world.open(desired_outcomes=[v1.DESIRED_OUTCOME_ACTION])
    again = world.crm.OpenCase(**sample.claim(
        case.failure.code, customer_id=case.customer_id, order=case.failure.order_reference,
        desired_outcomes=[v1.DESIRED_OUTCOME_APOLOGY])).case
    assert set(again.desired_outcomes) == {v1.DESIRED_OUTCOME_APOLOGY, v1.DESIRED_OUTCOME_ACTION}


def test_wasted_hours_and_contacts_are_counted(world):
    case = world.open(minutes_lost=180)
    ann = world.agent("ann", present=False)
    steps.reach(ann, case, minutes_lost=15)
    ann.RecordContact(case_id=case.case_id, direction=v1.CONTACT_DIRECTION_INBOUND,
                      channel=v1.CHANNEL_PHONE, minutes_lost=30)
    steps.attempt(ann, case, v1.CONTACT_OUTCOME_NO_ANSWER)
    effort = world.get(case).effort
    assert (effort.contacts, effort.minutes_lost, effort.transfers) == (3, 225, 0)


def test_a_customer_who_calls_was_not_answered_by_that(world):
    case = world.open()
    ann = world.agent("ann", present=False)
    ann.RecordContact(case_id=case.case_id, direction=v1.CONTACT_DIRECTION_INBOUND,
                      channel=v1.CHANNEL_PHONE)
    assert world.clock(case, v1.CLOCK_KIND_FIRST_RESPONSE).state == v1.CLOCK_STATE_RUNNING


def test_easing_the_inconvenience_is_a_remedy_of_its_own(world):
    case = world.open("appointment.missed")
    ann = world.agent("ann", present=False)
    remedy = steps.give(ann, case, v1.REMEDY_KIND_EXPEDITE, reference="VISIT-TODAY-14:00")
    assert remedy.state == v1.REMEDY_STATE_FULFILLED
