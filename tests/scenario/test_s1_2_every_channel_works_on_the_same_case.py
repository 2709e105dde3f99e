# SPDX-License-Identifier: Apache-2.0
"""S1.2: every channel works on the same case with the same powers and the same history."""

import pytest

from harness.api import v1

from .support import sample, steps

CHANNELS = [name for name in v1.Channel.keys() if name != "CHANNEL_UNSPECIFIED"]


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_case_opens_through_any_channel(world, channel):
    opened = world.crm.OpenCase(**sample.claim(channel=v1.Channel.Value(channel))).case
    assert opened.channel == v1.Channel.Value(channel)
    assert opened.owner.id == "steward"


def test_store_and_phone_write_one_history(world):
    case = world.open(channel=v1.CHANNEL_PHONE)
    store = world.agent("store", present=False, team="store")
    phone = world.agent("phone", present=False, team="phone")
    steps.attempt(phone, case, v1.CONTACT_OUTCOME_NO_ANSWER, v1.CHANNEL_PHONE)
    steps.reach(store, case, v1.CHANNEL_STORE)
    assert [(one.actor, one.channel) for one in world.get(case).contacts] == [
        ("phone", v1.CHANNEL_PHONE), ("store", v1.CHANNEL_STORE)]
    seen = [one.SerializeToString() for one in world.history(case)]
    for agent in (store, phone):
        page = agent.GetCaseHistory(case_id=case.case_id)
        assert [one.SerializeToString() for one in page.events] == seen


@pytest.mark.parametrize("who", ["store", "phone"])
def test_store_and_phone_have_the_same_powers(world, who):
    case = world.open(channel=v1.CHANNEL_PHONE)
    agent = world.agent(who, present=False, team=who)
    steps.reach(agent, case)
    steps.say(agent, case)
    steps.find_cause(agent, case)
    assert steps.propose(agent, case).on_the_spot


def test_a_claim_in_the_store_joins_the_case_that_began_by_phone(world):
    case = world.open(channel=v1.CHANNEL_PHONE)
    again = world.crm.OpenCase(**sample.claim(
        case.failure.code, customer_id=case.customer_id, order=case.failure.order_reference,
        channel=v1.CHANNEL_STORE))
    assert again.joined
    assert [one.channel for one in again.case.signals] == [v1.CHANNEL_PHONE, v1.CHANNEL_STORE]
