# SPDX-License-Identifier: Apache-2.0
"""S2.1: within authority a remedy needs no approval; beyond it the level that may is named. Reports on
decisions on the spot and on the cost of escalation come with GetInsights."""

import pytest

from harness.api import v1
from harness.errors import refused

from .support import sample, steps

LIMITS = {1: 100, 2: 500, 3: 5000}


@pytest.mark.parametrize("level", LIMITS)
def test_within_authority_it_is_approved_on_the_spot(world, level):
    case = world.open()
    agent = world.agent("ann", present=False, level=level)
    remedy = steps.propose(agent, case, amount=sample.usd(LIMITS[level]))
    assert remedy.on_the_spot
    assert remedy.state == v1.REMEDY_STATE_OFFERED


@pytest.mark.parametrize("level", LIMITS)
def test_beyond_it_the_refusal_names_limit_and_level(world, level):
    case = world.open()
    agent = world.agent("ann", present=False, level=level)
    with refused("FAILED_PRECONDITION", "BEYOND_AUTHORITY") as caught:
        steps.propose(agent, case, amount=sample.usd(LIMITS[level], 10_000_000))
    told = caught.error.metadata
    assert told["level_that_may"] == str(level + 1)
    assert told["currency"] == "USD"
    assert float(told["limit"]) == LIMITS[level]
    assert not world.get(case).remedies


def test_the_limit_is_for_the_case_not_for_the_remedy(world):
    case = world.open()
    ann = world.agent("ann", present=False)
    steps.propose(ann, case, amount=sample.usd(60))
    with refused("FAILED_PRECONDITION", "BEYOND_AUTHORITY") as caught:
        steps.propose(ann, case, amount=sample.usd(41))
    assert float(caught.error.metadata["given_already"]) == 60


def test_a_declined_remedy_leaves_room_for_another(world):
    case = world.open()
    ann = world.agent("ann", present=False)
    steps.answer(ann, case, steps.propose(ann, case, amount=sample.usd(90)),
                 v1.CUSTOMER_ANSWER_DECLINED)
    assert steps.propose(ann, case, amount=sample.usd(100)).on_the_spot


def test_an_own_authority_goes_before_that_of_the_level(world):
    case = world.open()
    ann = world.agent("ann", present=False, authorities=[(v1.REMEDY_KIND_REFUND, sample.usd(250))])
    assert steps.propose(ann, case, amount=sample.usd(250)).on_the_spot


def test_an_own_authority_holds_in_its_currency_only(world):
    case = world.open()
    ann = world.agent("ann", present=False, authorities=[(v1.REMEDY_KIND_REFUND, sample.usd(250))])
    with refused("FAILED_PRECONDITION", "BEYOND_AUTHORITY"):
        steps.propose(ann, case, amount=sample.money("EUR", 101))


def test_words_need_no_authority(world):
    case = world.open()
    ann = world.agent("ann", present=False)
    for kind in (v1.REMEDY_KIND_APOLOGY, v1.REMEDY_KIND_EXPLANATION):
        assert steps.propose(ann, case, kind).on_the_spot
