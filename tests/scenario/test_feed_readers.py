# SPDX-License-Identifier: Apache-2.0
"""Readers of the feed: what each may see, and one that does not read."""

import time

from harness.api import v1
from harness.errors import Error, refused
from harness.process import wait_until

from .support import sample
from .support.events import Events, feed, ids, read_all, stored
from .support.keys import calls, new_key
from .support.world import new_tenant

TEXT_BYTES, MANY = 4000, 6000


def test_an_observer_sees_personal_parts_masked(make_cluster):
    cluster = make_cluster(options=("--auth", "permissive"))
    world = new_tenant(cluster, "masked")
    case = world.open()
    observer = calls(cluster, new_key(cluster, "observer", principal="board", tenant="masked"), "feed")
    client = calls(cluster, new_key(cluster, "client", principal="crm", tenant="masked"), "feed")
    operator = calls(cluster, new_key(cluster, "operator", principal="ops", tenant="masked"), "feed")
    with Events(observer, personal=True) as masked, Events(client, personal=True) as whole:
        masked.has(stored(world))
        whole.has(stored(world))
        shown = masked.events[0].event
        assert shown.masked and shown.personal.customer_name == "J. D." and shown.personal.text == ""
        shown = whole.events[0].event
        assert not shown.masked and shown.personal.customer_name == "Jo Doe"
        assert shown.personal.text == "Charged twice for one phone."
    assert read_all(observer, personal=True)[0] == masked.events
    with refused("PERMISSION_DENIED", "ROLE_MISSING"):
        operator.ReadEvents(position="LATEST")
    with refused("PERMISSION_DENIED", "ROLE_MISSING"):
        next(operator.WatchEvents(position="LATEST"))
    wait_until(lambda: cluster.sql("select count(*) from access_record where principal = 'crm'")[0][0] > 0, "a record")
    assert cluster.sql("select count(*) from access_record where principal = 'board'") == [(0,)]
    assert case.case_id == masked.events[0].case_id


def add_events(world, n, size=TEXT_BYTES):
    """Events that take much room, behind those of a case."""
    body = v1.EventDetail(cause="x" * size, level=1).SerializeToString().hex()
    world.cluster.sql(
        "insert into case_event (tenant_id, case_id, seq, epoch, at, kind, actor, public, private_digest, prev_hash,"
        f" hash) select tenant_id, case_id, 1000 + n, epoch, at, 9, 'ann', '\\x{body}', '', hash, hash from"
        f" (select * from case_event where seq = 1 limit 1) x, generate_series(1, {n}) n")


def test_a_client_that_does_not_read_is_sent_away_and_loses_nothing(cluster):
    world = new_tenant(cluster, "slow")
    world.open()
    add_events(world, MANY)
    stream = feed(world).WatchEvents(position="EARLIEST", timeout_s=120)
    first = next(stream)
    time.sleep(3)
    with Events(feed(world, principal="quick")) as quick:
        quick.has(stored(world), 60)
        began = time.monotonic()
        world.crm.OpenCase(**sample.claim())
        assert time.monotonic() - began < 5
        quick.has(stored(world))
        wait_until(lambda: cluster.replica("intake").metrics()["amends_feed_slow_consumers_total"] == 1,
                   "the stream to be ended", 30)
    events = list(first.events)
    token = first.resume_token
    error = None
    try:
        for message in stream:
            events += message.events
            token = message.resume_token
    except Exception as caught:  # pylint: disable=broad-except
        error = Error.of(caught)
    assert (error.code.name, error.reason) == ("RESOURCE_EXHAUSTED", "SLOW_CONSUMER")
    assert error.metadata["resume_token"] == token or len(events) > 0
    assert 0 < len(events) < MANY
    again, _ = read_all(feed(world), error.metadata["resume_token"], page_size=500)
    assert ids(events) + ids(again) == stored(world)
    again, _ = read_all(feed(world), token, page_size=500)
    assert ids(events) + ids(again) == stored(world)


def test_a_large_event_comes_alone(cluster):
    world = new_tenant(cluster, "large")
    world.open()
    add_events(world, 3, 300_000)
    add_events_after = stored(world)
    with Events(feed(world)) as events:
        events.has(add_events_after)
        assert [len(one.events) for one in events.messages if one.events] == [1] * len(add_events_after)
    assert ids(read_all(feed(world))[0]) == add_events_after


def test_a_stream_that_cannot_keep_up_reads_for_itself(cluster):
    """It falls behind the window that all share, and catches up, while others follow."""
    world = new_tenant(cluster, "behind")
    world.open()
    stream = feed(world).WatchEvents(position="LATEST", timeout_s=120)
    events = list(next(stream).events)
    with Events(feed(world, principal="quick"), "LATEST").ready() as quick:
        before = len(stored(world))
        add_events(world, MANY)
        quick.has(stored(world)[before:], 60)
        expected = stored(world)[before:]
        while len(events) < len(expected):
            events += next(stream).events
        assert ids(events) == expected
        assert cluster.replica("intake").metrics()['amends_feed_reads_total{reader="own"}'] > 0
    stream.cancel()
