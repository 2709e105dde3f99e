# SPDX-License-Identifier: Apache-2.0
"""Who has a stream is known without Redis, and without the process that had the stream."""

import pytest

from harness.api import v1
from harness.process import wait_until
from scenario.support.watch import Watch
from scenario.support.world import new_tenant

AWAY_S = 40  # more than the default policy waits


def presence(agent):
    return v1.Presence.Name(agent.on("assignment", "GetAgent", 1)(agent_id=agent.id).agent.presence)


def rows(cluster):
    return cluster.sql("select count(*) from agent_stream where live_until > clock_timestamp()")[0][0]


@pytest.mark.parametrize("redis", [True, False])
def test_agents_of_a_killed_replica_become_away(make_cluster, redis):
    cluster = make_cluster(replicas=2, redis=redis)
    world = new_tenant(cluster, "streams")
    ann, bob = world.agent("ann"), world.agent("bob")
    lost = Watch(ann, 0).ready()
    with Watch(bob, 0).ready(), Watch(bob, 1).ready():
        wait_until(lambda: rows(cluster) == 3, "the streams to be written down")
        cluster.replica("assignment", 0).kill()
        cluster.advance(AWAY_S)
        assert presence(ann) == "PRESENCE_AVAILABLE", "its row lives for half a minute"
        # What half a minute does, without waiting for it.
        cluster.sql("update agent_stream set live_until = 'epoch' where replica ="
                    " (select replica from agent_stream where agent_id = 'ann')")
        cluster.advance(AWAY_S)
        assert presence(ann) == "PRESENCE_AWAY"
        assert presence(bob) == "PRESENCE_AVAILABLE"
    lost.end()


def cause(agent):
    found = agent.on("assignment", "GetAgent", 1)(agent_id=agent.id).agent
    return v1.PresenceCause.Name(found.presence_cause).removeprefix("PRESENCE_CAUSE_")


@pytest.mark.parametrize("redis", [True, False])
def test_the_stream_that_comes_back_gives_presence_back(make_cluster, redis):
    cluster = make_cluster(replicas=2, redis=redis)
    world = new_tenant(cluster, "streams")
    ann, bob = world.agent("ann"), world.agent("bob")
    assert cause(ann) == "CALLER"
    for agent in (ann, bob):
        with Watch(agent, 0).ready():
            wait_until(lambda: rows(cluster) == 1, "the stream to be written down")
        wait_until(lambda: rows(cluster) == 0, "the end of the stream to be written down")
        cluster.advance(AWAY_S)
    assert (presence(ann), cause(ann)) == ("PRESENCE_AWAY", "STREAMS_GONE")
    bob.SetPresence(presence=v1.PRESENCE_AWAY)
    assert (presence(bob), cause(bob)) == ("PRESENCE_AWAY", "CALLER")
    with Watch(ann, 1).ready() as watch, Watch(bob, 1).ready():
        wait_until(lambda: presence(ann) == "PRESENCE_AVAILABLE", "ann to be available again")
        assert cause(ann) == "STREAM_RETURNED"
        case = world.open()
        watch.wait(lambda one: one.messages)
        assert watch.messages[0].offer.case_id == case.case_id
        assert presence(bob) == "PRESENCE_AWAY", "bob said so"


def test_an_agent_whose_stream_ends_while_redis_is_away_becomes_away(make_cluster):
    cluster = make_cluster(replicas=2)
    world = new_tenant(cluster, "streams")
    ann, bob = world.agent("ann"), world.agent("bob")
    with Watch(bob, 1).ready():
        with Watch(ann, 0).ready():
            wait_until(lambda: rows(cluster) == 2, "the streams to be written down")
            cluster.redis.kill()
        wait_until(lambda: rows(cluster) == 1, "the end of the stream to be written down")
        cluster.advance(AWAY_S)
        assert presence(ann) == "PRESENCE_AWAY"
        assert presence(bob) == "PRESENCE_AVAILABLE"


def test_many_who_are_not_to_leave_yet_hold_nobody_up(make_cluster):
    cluster = make_cluster(replicas=1)
    world = new_tenant(cluster, "streams")
    ann = world.agent("ann")
    # Dead before ann's row, and seen so late that none of them becomes AWAY: more than one sweep looks at.
    cluster.sql("insert into agent_stream select (select tenant_id from tenant where name = 'streams'), 'a' || n, 'r',"
                " clock_timestamp() + interval '10 years', timestamptz '2000-01-01' + n * interval '1 s'"
                " from generate_series(1, 2500) as k(n)")
    with Watch(ann, 0).ready():
        wait_until(lambda: rows(cluster) == 1, "the stream to be written down")
    wait_until(lambda: rows(cluster) == 0, "the end of the stream to be written down")
    cluster.advance(AWAY_S)
    wait_until(lambda: presence(ann) == "PRESENCE_AWAY", "ann to become away")


def test_a_lease_written_by_a_clock_that_was_wrong_does_not_keep_the_others_out(make_cluster):
    cluster = make_cluster(replicas=1)
    new_tenant(cluster, "streams")

    def gone():
        return cluster.sql("select count(*) from lease where holder = 'gone'")[0][0]

    wait_until(lambda: cluster.sql("select count(*) from lease")[0][0] == 1, "the lease to be taken")
    cluster.sql("update lease set holder = 'gone', until = until + interval '1 hour'")
    wait_until(lambda: gone() == 0, "the lease to be taken again")
