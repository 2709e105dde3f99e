# SPDX-License-Identifier: Apache-2.0
"""Accept against accept, expiry and decline: one winner, whatever comes at once."""

import collections
import concurrent.futures

import grpc

from harness.api import v1
from harness.errors import Error, refused

from .support import sample
from .support.redis import both_ways

pytestmark = both_ways
OFFERS, TRIES, AGENTS = 100, 10, 10


def pending_of(world):
    """offer id -> (agent id, case id) of all pending offers."""
    rows = world.cluster.sql(
        "select o.offer_id::text, o.agent_id, o.case_id::text from offer o join tenant t using (tenant_id) "
        "where t.name = %s and o.state = %s", (world.tenant, v1.OFFER_STATE_PENDING))
    return {offer: (agent, case) for offer, agent, case in rows}


def outcomes(futures):
    found = collections.Counter()
    for future in futures:
        try:
            future.result()
            found["OK"] += 1
        except grpc.RpcError as call:
            error = Error.of(call)
            found[f"{error.code.name} {error.reason}"] += 1
    return found


def test_ten_accepts_of_each_of_a_hundred_offers_have_a_hundred_winners(world):
    agents = {name: world.agent(name, capacity=OFFERS // AGENTS)
              for name in (f"agent{n}" for n in range(AGENTS))}
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: world.crm.OpenCase(**sample.claim(), timeout_s=30), range(OFFERS)))
    world.settle()
    pending = pending_of(world)
    assert len(pending) == OFFERS
    futures = [agents[agent].on("assignment", "AcceptOffer", turn).future(
                   case_id=case, offer_id=offer, timeout_s=60)
               for turn in range(TRIES) for offer, (agent, case) in pending.items()]
    assert outcomes(futures) == {"OK": OFFERS, "FAILED_PRECONDITION OFFER_STATE": OFFERS * (TRIES - 1)}
    for name, agent in agents.items():
        now = agent.GetAgent(agent_id=name).agent
        assert now.load <= now.capacity
    owners = world.cluster.sql(
        "select count(*) from recovery_case c join tenant t using (tenant_id) where t.name = %s "
        "and c.owner_kind = %s and c.assignment_generation = 2", (world.tenant, v1.OWNER_KIND_AGENT))
    assert owners == [(OFFERS,)]


def test_an_accepted_offer_is_not_declined(world):
    ann = world.agent("ann")
    case = world.open()
    offer = world.pending(case)
    ann.accept(case)
    with refused("FAILED_PRECONDITION", "OFFER_STATE") as caught:
        ann.DeclineOffer(case_id=case.case_id, offer_id=offer.offer_id)
    assert caught.error.metadata["state"] == "ACCEPTED"


def test_accept_after_expiry_is_refused_with_the_reason(world):
    ann = world.agent("ann")
    case = world.open()
    offer = world.pending(case)
    world.advance(121)
    with refused("FAILED_PRECONDITION", "OFFER_STATE") as caught:
        ann.AcceptOffer(case_id=case.case_id, offer_id=offer.offer_id)
    assert caught.error.metadata["state"] == "EXPIRED"


def test_nobody_accepts_the_offer_of_another(world):
    world.agent("ann")
    bob = world.agent("bob", present=False)
    case = world.open()
    with refused("PERMISSION_DENIED", "NOT_YOUR_OFFER"):
        bob.accept(case)


def test_accept_against_decline_has_one_winner(world):
    ann = world.agent("ann", capacity=40)
    cases = [world.crm.OpenCase(**sample.claim()).case for _ in range(40)]
    world.settle()
    futures = []
    for offer, (_, case) in pending_of(world).items():
        for turn, method in enumerate(("AcceptOffer", "DeclineOffer")):
            futures.append(ann.on("assignment", method, turn).future(case_id=case, offer_id=offer))
    found = outcomes(futures)
    assert found["OK"] == found["FAILED_PRECONDITION OFFER_STATE"] == len(cases)


def test_accept_against_the_climb_has_one_winner(world):
    """The clock of the case falls due while its offer is accepted: whichever is first, there is one owner,
    and an offer that was not accepted is void."""
    cases = [world.crm.OpenCase(**sample.claim(severity=5)).case for _ in range(20)]
    world.advance(sample.HOUR_S - 60)
    ann = world.agent("ann", capacity=len(cases))
    world.settle()
    pending = pending_of(world)
    assert len(pending) == len(cases)
    world.cluster.clock.advance(60)
    futures = [ann.on("assignment", "AcceptOffer", n).future(case_id=case, offer_id=offer)
               for n, (offer, (_, case)) in enumerate(pending.items())]
    found = outcomes(futures)
    world.settle()
    assert found["OK"] + found["FAILED_PRECONDITION OFFER_STATE"] == len(cases)
    now = [world.get(case) for case in cases]
    assert sum(case.owner.id == "ann" for case in now) == found["OK"]
    for case in now:
        won = v1.OFFER_STATE_ACCEPTED if case.owner.id == "ann" else v1.OFFER_STATE_RESCINDED
        assert case.level == 2
        assert case.owner.id in ("ann", "steward-lead")
        assert [one.state for one in case.offers] == [won]
        assert world.verify(case).intact
