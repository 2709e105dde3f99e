# SPDX-License-Identifier: Apache-2.0
"""S2.3: the hotel alarm at 01:00: apologies by 06:00, then chocolates and an upgrade. Several remedies on
one case, kinds beyond money, added value on top of repair."""

import pytest

from harness.api import v1

from .support import steps

WITHOUT_PRICE = ["APOLOGY", "EXPLANATION", "EXPEDITE", "REDO", "REPLACEMENT", "UPGRADE", "GIFT",
                 "PROCESS_FIX"]


@pytest.mark.parametrize("kind", WITHOUT_PRICE)
def test_a_remedy_need_not_be_money(world, kind):
    case = world.open("product.defective")
    ann = world.agent("ann", present=False)
    remedy = steps.propose(ann, case, v1.RemedyKind.Value(f"REMEDY_KIND_{kind}"))
    assert remedy.on_the_spot
    assert not remedy.HasField("amount")


def test_the_night_of_the_alarm(world):
    case = world.open("product.defective", trigger=v1.TRIGGER_DETECTED_FAILURE,
                      channel=v1.CHANNEL_SYSTEM, description="False fire alarm at 01:00, room 414.")
    night = world.agent("night", skills=["product"], present=False)
    night.take()
    world.advance(5 * 3600)
    for number in range(3):
        steps.say(night, case, note=f"Card {number + 1} under the door, written by hand.")
    steps.reach(night, case, v1.CHANNEL_LETTER)
    steps.give(night, case, v1.REMEDY_KIND_GIFT, reference="CHOCOLATES-414")
    steps.give(night, case, v1.REMEDY_KIND_UPGRADE, reference="SUITE-900")
    steps.find_cause(night, case, "product.detector")
    resolved = steps.resolve(night, case)
    assert [one.kind for one in resolved.remedies] == [v1.REMEDY_KIND_GIFT, v1.REMEDY_KIND_UPGRADE]
    assert all(one.state == v1.REMEDY_STATE_FULFILLED for one in resolved.remedies)
    assert len(resolved.acts) == 3
