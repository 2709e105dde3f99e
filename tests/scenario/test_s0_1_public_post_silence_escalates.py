# SPDX-License-Identifier: Apache-2.0
"""S0.1: a public post is a trigger; a first-response clock runs; thanks, apology and explanation are
distinct acts; silence is a breach that escalates by itself."""

import pytest

from harness.api import v1

from .support import sample, steps
from .support.redis import both_ways

pytestmark = both_ways
# What the shipped policy gives to severity 3.
FIRST_RESPONSE_S = 8 * sample.HOUR_S


def post(world):
    return world.open(trigger=v1.TRIGGER_PUBLIC_POST, channel=v1.CHANNEL_SOCIAL, severity=3,
                      external_reference="https://example.org/post/1")


def test_a_public_post_opens_a_case_with_a_running_first_response_clock(world):
    case = post(world)
    clock = world.clock(case, v1.CLOCK_KIND_FIRST_RESPONSE)
    assert case.trigger == v1.TRIGGER_PUBLIC_POST
    assert clock.state == v1.CLOCK_STATE_RUNNING
    assert sample.seconds(clock.due_time) - sample.seconds(case.open_time) == FIRST_RESPONSE_S


def test_silence_escalates_by_itself(world):
    case = post(world)
    world.advance(FIRST_RESPONSE_S + 1)
    now = world.get(case)
    clock = world.clock(case, v1.CLOCK_KIND_FIRST_RESPONSE)
    assert clock.state == v1.CLOCK_STATE_BREACHED
    assert clock.breach_time == clock.due_time
    assert (now.level, now.owner.id) == (2, "steward-lead")
    assert world.kinds(case) == ["CASE_OPENED", "CLOCK_THRESHOLD", "CLOCK_BREACHED", "OWNER_CHANGED",
                                 "ESCALATED"]


def test_a_company_that_answers_in_time_does_not_escalate(world):
    case = post(world)
    ann = world.agent("ann", present=False)
    world.advance(FIRST_RESPONSE_S - 60)
    steps.reach(ann, case, v1.CHANNEL_SOCIAL)
    world.advance(120)
    clock = world.clock(case, v1.CLOCK_KIND_FIRST_RESPONSE)
    assert clock.state == v1.CLOCK_STATE_MET
    assert world.get(case).level == 1


@pytest.mark.parametrize("outcome", ["NO_ANSWER", "VOICEMAIL", "BOUNCED", "REFUSED"])
def test_only_a_contact_that_reached_the_customer_is_a_response(world, outcome):
    case = post(world)
    ann = world.agent("ann", present=False)
    steps.attempt(ann, case, v1.ContactOutcome.Value(f"CONTACT_OUTCOME_{outcome}"))
    assert world.clock(case, v1.CLOCK_KIND_FIRST_RESPONSE).state == v1.CLOCK_STATE_RUNNING


def test_thanks_apology_and_explanation_are_distinct_acts(world):
    case = post(world)
    ann = world.agent("ann", present=False)
    for kind in (v1.ACT_KIND_THANKS, v1.ACT_KIND_APOLOGY, v1.ACT_KIND_EXPLANATION):
        steps.say(ann, case, kind)
    acts = world.get(case).acts
    assert [one.kind for one in acts] == [v1.ACT_KIND_THANKS, v1.ACT_KIND_APOLOGY, v1.ACT_KIND_EXPLANATION]
    assert {one.actor for one in acts} == {"ann"}
