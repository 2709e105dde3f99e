# SPDX-License-Identifier: Apache-2.0
"""Connections are cut while the programs live on: also when all that was lost is the answer."""

import time

import grpc
import pytest

from harness.cluster import SERVICES, Cluster
from harness.process import wait_until
from scenario.support import sample

from .aftermath import check
from .cutter import Relay
from .load import FIRST_RESPONSE_S, Load

LOST_S = 0.2  # for so long answers are lost before the connection is


@pytest.fixture
def relays():
    made = []

    def make(target):
        made.append(Relay(target))
        return made[-1]

    yield make
    for relay in made:
        relay.close()


@pytest.fixture
def behind(make_cluster, relays):
    """A load whose every call passes a relay; the relays."""
    cluster = make_cluster(replicas=2)
    ways = {kind: [relays(one.address) for one in cluster.replicas_of(kind)] for kind in SERVICES}
    with Load(cluster, {kind: [way.address for way in ways[kind]] for kind in SERVICES}) as load:
        yield load, [way for kind in SERVICES for way in ways[kind]]


def test_clients_whose_connections_are_cut_lose_nothing(behind):
    load, ways = behind
    for turn in range(6):
        load.more(10)
        for way in ways:
            way.cut()
        if turn == 2:
            load.cluster.clock.advance(FIRST_RESPONSE_S + 1)
    check(load)


def test_calls_whose_answers_are_lost_count_once(behind):
    load, ways = behind
    for turn in range(6):
        load.more(10)
        for way in ways:
            way.swallow()
        time.sleep(LOST_S)
        for way in ways:
            way.cut()
        if turn == 2:
            load.cluster.clock.advance(FIRST_RESPONSE_S + 1)
    assert sum(way.swallowed for way in ways), "no answer was lost"
    check(load)


class BehindRelay(Cluster):
    """Its services reach PostgreSQL through a relay; tests look into it directly."""

    def _make(self, kind, index, build=None):
        service = super()._make(kind, index, build)
        direct = self.postgres.conninfo(self.name)
        through = f"host=127.0.0.1 port={self.relay.port} user=postgres dbname={self.name}"
        service.argv = [through if word == direct else word for word in service.argv]
        return service


@pytest.fixture
def database_behind(environment, relays, request):
    cluster = BehindRelay(environment, replicas=2)
    cluster.relay = relays(f"127.0.0.1:{environment.postgres.port}")
    request.node.clusters = [cluster]
    with cluster, Load(cluster) as load:
        yield load, cluster.relay


def test_services_whose_database_connections_are_cut_lose_nothing(database_behind):
    load, way = database_behind
    for turn in range(8):
        load.more(8)
        way.cut()
        if turn == 3:
            load.cluster.clock.advance(FIRST_RESPONSE_S + 1)
    check(load)


def test_commits_whose_answers_are_lost_count_once(database_behind):
    """The commit was done or was not, nobody was told which."""
    load, way = database_behind
    for turn in range(8):
        load.more(8)
        way.swallow()
        time.sleep(LOST_S)
        way.cut()
        if turn == 3:
            load.cluster.clock.advance(FIRST_RESPONSE_S + 1)
    assert way.swallowed, "no answer was lost"
    check(load)


def test_an_answer_lost_on_the_way_is_found_by_its_request_id(make_cluster, relays):
    cluster = make_cluster(replicas=2)
    way = relays(cluster.replica("intake").address)
    lossy = Load(cluster, {"intake": [way.address]}).client("intake", "crm", 0)
    lossy.ListCases()  # connected
    request = lossy.OpenCase.build(**sample.claim())
    way.swallow()
    unanswered = lossy.OpenCase.future(request)

    def committed():
        return cluster.sql("select case_id::text from recovery_case where customer_id = %s",
                           (request.customer_id,))

    wait_until(committed, "the case to be there")
    assert not unanswered.done()
    way.cut()
    assert unanswered.code() == grpc.StatusCode.UNAVAILABLE
    again, call = cluster.intake(replica=1).OpenCase.with_call(request)
    assert dict(call.initial_metadata())["replayed"] == "true"
    assert committed() == [(again.case.case_id,)]
