# SPDX-License-Identifier: Apache-2.0
"""Who may do what: client applications, any agent, the owner, a level above."""

import pytest

from harness import api
from harness.api import v1
from harness.errors import refused

from .support import sample, steps

OWNERS_ONLY = {"resolve": steps.resolve, "close": steps.close, "deny": steps.deny}
AGENTS_ONLY = {"contact": steps.reach, "act": steps.say, "root cause": steps.find_cause,
               "remedy": steps.propose, **OWNERS_ONLY}


@pytest.mark.parametrize("step", AGENTS_ONLY)
def test_a_client_application_does_no_agents_work(world, step):
    case = world.open()
    with refused("PERMISSION_DENIED", "NOT_AN_AGENT"):
        AGENTS_ONLY[step](world.crm, case)
    assert world.get(case).version == case.version


def test_a_client_application_takes_no_case(world):
    world.open()
    with refused("PERMISSION_DENIED", "NOT_AN_AGENT"):
        world.crm.RequestAssignment()


@pytest.mark.parametrize("step", OWNERS_ONLY)
def test_what_is_the_owners_is_no_colleagues(world, step):
    owner, colleague = world.agent("owner", present=False), world.agent("colleague", present=False)
    case = world.open()
    owner.take()
    steps.recover(owner, case)
    with refused("PERMISSION_DENIED", "NOT_THE_OWNER") as caught:
        OWNERS_ONLY[step](colleague, case)
    assert caught.error.metadata["owner"] == "owner"


def test_a_level_above_may_resolve_and_close(world):
    owner = world.agent("owner", present=False)
    lead = world.agent("lead", level=2, present=False)
    case = world.open()
    owner.take()
    steps.recover(owner, case)
    steps.resolve(lead, case)
    assert steps.close(lead, case).status == v1.CASE_STATUS_CLOSED


def test_a_level_above_may_deny(world):
    owner = world.agent("owner", present=False)
    lead = world.agent("lead", level=2, present=False)
    case = world.open()
    owner.take()
    assert steps.deny(lead, case).denial.actor == "lead"


def test_the_same_level_as_the_case_is_not_above_it(world):
    owner = world.agent("owner", present=False)
    lead = world.agent("lead", level=2, present=False)
    case = world.open()
    owner.take()
    world.advance(9 * sample.HOUR_S)
    assert world.get(case).level == 2
    with refused("PERMISSION_DENIED", "NOT_THE_OWNER"):
        steps.deny(lead, case)


def test_an_agent_puts_no_agents(world):
    ann = world.agent("ann", present=False)
    with refused("PERMISSION_DENIED", "NOT_A_CLIENT_APPLICATION"):
        ann.PutAgent(agent=sample.agent("bob"))
    with refused("PERMISSION_DENIED", "NOT_A_CLIENT_APPLICATION"):
        ann.PutAgent(agent=sample.agent("ann", level=4))


def test_an_agent_sets_the_own_presence_only(world):
    ann = world.agent("ann", present=False)
    world.agent("bob", present=False)
    assert ann.SetPresence(presence=v1.PRESENCE_AVAILABLE).agent.presence == v1.PRESENCE_AVAILABLE
    with refused("PERMISSION_DENIED", "NOT_A_CLIENT_APPLICATION"):
        ann.SetPresence(agent_id="bob", presence=v1.PRESENCE_OFFLINE)


def test_a_new_agent_is_offline_and_keeps_presence_when_replaced(world):
    put = world.crm.PutAgent(agent=sample.agent("ann"))
    assert put.created
    assert put.agent.presence == v1.PRESENCE_OFFLINE
    world.crm.SetPresence(agent_id="ann", presence=v1.PRESENCE_AWAY)
    again = world.crm.PutAgent(agent=sample.agent("ann", level=2))
    assert not again.created
    assert (again.agent.presence, again.agent.level) == (v1.PRESENCE_AWAY, 2)


def test_an_agents_version_is_checked(world):
    agent = world.crm.PutAgent(agent=sample.agent("ann")).agent
    world.crm.PutAgent(agent=sample.agent("ann"), expected_version=agent.version)
    with refused("ABORTED", "VERSION_MISMATCH"):
        world.crm.PutAgent(agent=sample.agent("ann"), expected_version=agent.version)
    with refused("ABORTED", "VERSION_MISMATCH"):
        world.crm.SetPresence(agent_id="ann", presence=v1.PRESENCE_AWAY, expected_version=agent.version)


@pytest.mark.parametrize("steward", ["steward", "steward-lead", "steward-manager", "steward-executive"])
def test_a_steward_is_no_agent(world, steward):
    with refused("INVALID_ARGUMENT") as caught:
        world.crm.PutAgent(agent=sample.agent(steward))
    assert caught.error.fields == ["agent.agent_id"]


def test_what_was_put_is_what_is_read(world):
    put = sample.agent("ann", level=2, capacity=7, skills=[("billing", 3), ("delivery", 1)],
                       languages=["de", "en"], team="store 12", public_contact="ann@example.org",
                       authorities=[(v1.REMEDY_KIND_REFUND, sample.usd(250))])
    world.crm.PutAgent(agent=put)
    read = world.crm.GetAgent(agent_id="ann").agent
    for field in ("display_name", "public_contact", "team", "level", "capacity"):
        assert getattr(read, field) == getattr(put, field)
    assert [(one.code, one.level) for one in read.skills] == [("billing", 3), ("delivery", 1)]
    assert list(read.languages) == ["de", "en"]
    assert read.authorities[0] == put.authorities[0]


def test_nobody_writes_as_the_system(world):
    """History says that the system did it only where the system did."""
    with refused("UNAUTHENTICATED", "PRINCIPAL_INVALID"):
        world.principal("amends").OpenCase(**sample.claim())


def test_route_is_for_the_services_alone(world):
    with refused("PERMISSION_DENIED", "INTERNAL_ONLY"):
        api.Client(world.cluster.replica("assignment", 0).channel, "AssignmentInternalService",
                   tenant=world.tenant, principal="crm").Route()
