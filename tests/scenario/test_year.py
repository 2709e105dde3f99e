# SPDX-License-Identifier: Apache-2.0
"""A year of a tenant in a minute: two hundred cases with random lives, and every step that the services
recorded compared with a model that shares no code with them (the folder `year`)."""

import collections
import datetime

import pytest

from harness.api import v1

from .support.world import new_tenant
from .year import bundle, compare
from .year.calendars import EPOCH
from .year.explain import explain_all
from .year.history import Appealed, Returned
from .year.names import Cause, ClockState, PromiseState, Status
from .year.player import Player
from .year.rules import LIVE

LEVELS = (("ann", "bob"), ("lena", "luke"), ("max",), ("eva",))


def begin(cluster):
    """The clock stands at the first working day of the year."""
    first = datetime.datetime(bundle.YEAR, 1, 2, 8, 30, tzinfo=datetime.timezone.utc)
    now = cluster.sql("select extract(epoch from clock_timestamp())::float8")[0][0]
    cluster.advance((first - EPOCH).total_seconds() - now)


def tenant(cluster, name):
    world = new_tenant(cluster, name)
    world.crm.ApplyPolicy(source=bundle.text(), expected_version=1)
    return world


def hire(world):
    """Agents who ask for work, and one who is offered it."""
    people = [[world.agent(name, level=level, capacity=1000, present=False,
                           skills=("billing", "delivery", "conduct")) for name in names]
              for level, names in enumerate(LEVELS, 1)]
    for agent in (one for level in people for one in level):
        world.crm.SetPresence(agent_id=agent.id, presence=v1.PRESENCE_AWAY)
    people[0].append(world.agent("zoe", capacity=1000, skills=("conduct",)))
    return people


def play(cluster, name, **how):
    world = tenant(cluster, name)
    player = Player(world, bundle.policy(), hire(world), **how)
    player.play()
    return player


def prove(world, life):
    proof = world.crm.VerifyCaseHistory(case_id=life.case_id)
    assert proof.intact, f"{life.case_id}: {proof.problem}"


def audit(player):
    """It finds those live cases that no clock of the model watches any more, and nothing else."""
    found, token = [], ""
    while True:
        page = player.world.crm.AuditCases(page_token=token)
        found += [(one.kind, one.case_id) for one in page.findings]
        token = page.next_page_token
        if not token:
            break
    alone = [life.case_id for life in player.lives if life.case.view.live and life.case.next_at is None]
    assert sorted(found) == sorted((v1.AUDIT_FINDING_KIND_UNWATCHED_CASE, one) for one in alone)


def check(player):
    world = player.world
    clocks, steps = compare.rows(player.records, player.lives)
    for life in player.lives:
        prove(world, life)
    explained = explain_all(world, player.lives)
    audit(player)
    assert clocks > 5 * len(player.lives) and steps > len(player.lives) and explained > clocks
    print(f"{len(player.lives)} cases, {player.done} acts, {player.stops} stops, {player.fired} timers, "
          f"{clocks} clocks, {steps} steps, {explained} deadlines explained")


def check_variety(lives):
    """A year in which little happened would prove little."""
    cases = [life.case for life in lives]
    clocks = [clock for case in cases for clock in case.clocks]
    paused = [(clock.definition, [end - begin for begin, end in clock.pauses])
              for clock in clocks if clock.pauses]
    causes = collections.Counter(Cause.word(step.cause) for case in cases for step in case.steps)
    promises = collections.Counter(PromiseState.word(promise.state) for case in cases for promise in case.view.promises)
    counts = {
        "cases that went back to work": sum(bool(case.view.told(Returned)) for case in cases),
        "appeals": sum(bool(case.view.told(Appealed)) for case in cases),
        "later rounds": sum(case.view.round > 1 for case in cases), "clocks that paused": len(paused),
        "pauses as long as may be": sum(kind.pause_single in lengths for kind, lengths in paused),
        "clocks that paused all they may": sum(sum(lengths) == kind.pause_total for kind, lengths in paused),
        "clocks that began again": sum(clock.instance > 2 for clock in clocks),
        "clocks that were moved": sum(clock.not_before > 0 for clock in clocks),
        "targets that were chosen too late to move": sum(
            was == now for clock in clocks for _, was, now in clock.retargets)}
    print(causes, promises, counts)
    assert {clock.name for clock in clocks} == {"", *(one.name for one in bundle.policy().clocks)}
    assert {ClockState.word(clock.state) for clock in clocks} >= {"RUNNING", "MET", "BREACHED", "CANCELLED"}
    statuses = {view.status for case in cases for view in case.views}
    assert statuses == LIVE - {Status.AWAITING_APPROVAL} | {Status.RESOLVED, Status.CLOSED}
    assert set(causes) == {"CLOCK", "HAND", "PROMISE", "REOPENED"}
    assert set(promises) >= {"KEPT", "BROKEN", "RENEGOTIATED"}
    assert all(counts.values())


def test_a_year_is_as_the_model_says(make_cluster):
    cluster = make_cluster(replicas=2)
    begin(cluster)
    player = play(cluster, "year", seed=7, cases=200, days=365)
    check(player)
    check_variety(player.lives)


@pytest.mark.parametrize("redis, replicas", [(True, 1), (False, 2)], ids=["one_replica", "no_redis"])
def test_a_month_is_as_the_model_says(make_cluster, redis, replicas):
    cluster = make_cluster(replicas=replicas, redis=redis)
    begin(cluster)
    check(play(cluster, "month", seed=11, cases=25, days=40))
