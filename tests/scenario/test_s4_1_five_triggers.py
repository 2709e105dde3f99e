# SPDX-License-Identifier: Apache-2.0
"""S4.1: a complaint, a bad survey score, a request for follow-up, a detected failure and a public post all
open cases. Survey thresholds come with ReportSurvey."""

import pytest

from harness.api import v1

TRIGGERS = [name for name in v1.Trigger.keys() if name != "TRIGGER_UNSPECIFIED"]


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_every_trigger_opens_a_case_with_an_owner_and_clocks(world, trigger):
    case = world.open(trigger=v1.Trigger.Value(trigger))
    assert case.trigger == case.signals[0].trigger == v1.Trigger.Value(trigger)
    assert case.owner.id == "steward"
    assert {one.kind for one in case.clocks} == {v1.CLOCK_KIND_FIRST_RESPONSE, v1.CLOCK_KIND_RESOLUTION}


def test_there_are_five_triggers():
    assert len(TRIGGERS) == 5
