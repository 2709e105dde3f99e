# SPDX-License-Identifier: Apache-2.0
"""A tenant sees its own only; who calls has to say so."""

import pytest

from harness.api import Client, new_id, v1
from harness.errors import refused

from .support import sample, steps


def test_another_tenants_case_is_not_found(world, other_world):
    case = world.open()
    stranger = other_world.agent("ann", present=False)
    for method in ("GetCase", "GetCaseHistory", "VerifyCaseHistory", "GetContactCard"):
        with refused("NOT_FOUND", "CASE_NOT_FOUND"):
            getattr(stranger, method)(case_id=case.case_id)
    for step in (steps.reach, steps.say, steps.find_cause, steps.propose):
        with refused("NOT_FOUND", "CASE_NOT_FOUND"):
            step(stranger, case)
    assert world.get(case).version == case.version


def test_another_tenants_cases_are_in_no_list(world, other_world):
    case = world.open(customer_id="c-1")
    assert not other_world.crm.ListCases(customer_id="c-1").cases
    batch = other_world.crm.BatchGetCases(case_ids=[case.case_id])
    assert list(batch.missing_case_ids) == [case.case_id]


def test_another_tenants_agents_are_not_found_nor_asked(world, other_world):
    other_world.agent("ann")
    case = world.open()
    assert world.pending(case) is None
    with refused("NOT_FOUND", "AGENT_NOT_FOUND"):
        world.crm.GetAgent(agent_id="ann")


def test_another_tenants_offer_is_not_accepted(world, other_world):
    world.agent("ann")
    case = world.open()
    stranger = other_world.agent("ann", present=False)
    offer = world.pending(case)
    with refused("NOT_FOUND", "CASE_NOT_FOUND"):
        stranger.AcceptOffer(case_id=case.case_id, offer_id=offer.offer_id)


def test_the_same_customer_and_order_of_two_tenants_are_two_cases(world, other_world):
    claim = sample.claim(customer_id="c-1", order="o-1")
    mine = world.crm.OpenCase(**claim)
    theirs = other_world.crm.OpenCase(**claim)
    assert not theirs.joined
    assert theirs.case.case_id != mine.case.case_id


def call(shared, **identity):
    client = Client(shared.replica("intake").channel, "IntakeService", **identity)
    return client.GetCase(case_id=new_id())


def test_an_unknown_tenant_is_unauthenticated(shared):
    with refused("UNAUTHENTICATED", "TENANT_UNKNOWN"):
        call(shared, tenant="nobody", principal="crm")


@pytest.mark.parametrize("identity", [{}, {"tenant": "demo"}, {"principal": "crm"}])
def test_who_calls_has_to_be_given(shared, identity):
    with refused("UNAUTHENTICATED", "PRINCIPAL_MISSING"):
        call(shared, **identity)


@pytest.mark.parametrize("identity", [
    {"tenant": "de mo", "principal": "crm"}, {"tenant": "demo", "principal": "crm/1"},
    {"tenant": "demo", "principal": "x" * 129}, {"tenant": "x" * 65, "principal": "crm"},
    {"tenant": "demo", "principal": "crm'; drop table tenant; --"},
])
def test_who_calls_has_to_be_well_formed(shared, identity):
    with refused("UNAUTHENTICATED", "PRINCIPAL_INVALID"):
        call(shared, **identity)


@pytest.mark.parametrize("method", ["GetCase", "GetCaseHistory", "VerifyCaseHistory", "GetContactCard"])
def test_an_unknown_case_is_not_found(world, method):
    with refused("NOT_FOUND", "CASE_NOT_FOUND"):
        getattr(world.crm, method)(case_id=new_id())


def test_an_unknown_offer_is_not_found(world):
    ann = world.agent("ann")
    case = world.open()
    with refused("NOT_FOUND", "OFFER_NOT_FOUND"):
        ann.AcceptOffer(case_id=case.case_id, offer_id=new_id())


def test_an_unknown_method_is_unimplemented(shared):
    multicallable = shared.replica("intake").channel.unary_unary("/amends.v1.IntakeService/NoSuchMethod")
    with refused("UNIMPLEMENTED"):
        multicallable(b"", timeout=10)


def test_every_service_knows_a_tenant_made_while_it_runs(world):
    assert world.open().case_id
    assert world.agent("ann").GetAgent(agent_id="ann").agent.presence == v1.PRESENCE_AVAILABLE
