# SPDX-License-Identifier: Apache-2.0
"""The feed: every event of the tenant, in order, once within a stream, whatever happens meanwhile."""

import time

import pytest

from harness.api import message, v1
from harness.errors import refused
from harness.process import wait_until

from .support import sample
from .support.events import Events, feed, ids, read_all, stored
from .support.redis import both_ways
from .support.world import new_tenant

pytestmark = both_ways


def filter_of(**lists):
    return message("amends.v1.EventFilter")(**lists)


def live(world):
    """A case that changed owner, was worked on, and has events of several commands."""
    ann = world.agent("ann", capacity=100)
    case = world.open()
    ann.accept(case)
    ann.RecordAct(case_id=case.case_id, kind=v1.ACT_KIND_APOLOGY, note="Sorry.")
    return world.get(case)


@pytest.mark.parametrize("replica", [0, 1])
def test_everything_from_the_earliest_on(world, replica):
    live(world)
    with Events(feed(world, replica)) as events:
        events.has(stored(world))
        case = world.open()
        events.has(stored(world))
        assert events.events[-1].case_id == case.case_id
        assert not events.messages[0].events and events.messages[0].heartbeat_seconds == 15


def test_only_what_comes_from_now_on(world):
    live(world)
    before = len(stored(world))
    with Events(feed(world), "LATEST").ready() as events:
        world.open()
        events.has(stored(world)[before:])


def test_an_event_is_as_in_the_history(world):
    case = live(world)
    with Events(feed(world), personal=True) as events:
        events.has(stored(world))
        assert [one.event for one in events.events] == world.history(case)
        first = events.events[0]
        assert first.event_id == f"{case.case_id}/1" and first.case_id == case.case_id
        assert (first.customer_id, first.failure_code, first.level, first.owner_id) == (
            case.customer_id, "billing.overcharge", 1, "steward")
        assert events.events[-1].owner_id == "ann"
        order = [(one.epoch, one.transaction, one.case_id, one.event.sequence) for one in events.events]
        assert order == sorted(order)
    everything, _ = read_all(feed(world, 1), personal=True)
    assert everything == events.events


def test_without_asking_nothing_personal_comes(world):
    live(world)
    with Events(feed(world)) as events:
        events.has(stored(world))
        assert not any(one.event.HasField("personal") or one.event.erased for one in events.events)
        assert all(one.event.HasField("detail") for one in events.events)
    assert b"Charged twice" not in b"".join(one.SerializeToString() for one in events.messages)


def test_going_on_with_a_token_by_stream_and_by_pages(world):
    live(world)
    expected = stored(world)
    position, seen = "EARLIEST", []
    for turn in range(len(expected)):
        if turn % 2:
            with Events(feed(world, turn % 2), position).wait(lambda one: one.events) as events:
                message_ = next(one for one in events.messages if one.events)
                seen += ids(message_.events)
                position = message_.resume_token
        else:
            page = feed(world, 1).ReadEvents(position=position, page_size=1)
            seen += ids(page.events)
            position = page.resume_token
        if len(seen) == len(expected):
            break
    assert seen == expected
    page = feed(world).ReadEvents(position=position)
    assert not page.events and not page.more
    world.open()
    assert ids(read_all(feed(world), page.resume_token)[0]) == stored(world)[len(expected):]


@pytest.mark.parametrize("size", [1, 3, 500])
def test_pages_have_everything_once(world, size):
    for _ in range(4):
        world.open()
    events, token = read_all(feed(world), page_size=size)
    assert ids(events) == stored(world)
    assert read_all(feed(world), token)[0] == []


def test_a_page_from_the_latest_on_is_a_token(world):
    world.open()
    page = feed(world).ReadEvents(position="LATEST")
    assert not page.events and not page.more
    before = len(stored(world))
    world.open()
    assert ids(read_all(feed(world), page.resume_token)[0]) == stored(world)[before:]


def test_filters(world):
    case, other = live(world), world.open("delivery.late")
    level = f"case_id = '{other.case_id}'"
    for wanted, where in (
            ({"case_ids": [case.case_id]}, f"case_id = '{case.case_id}'"),
            ({"kinds": [v1.EVENT_KIND_CASE_OPENED, v1.EVENT_KIND_ACT_RECORDED]}, "kind in (1, 10)"),
            ({"customer_ids": [other.customer_id, "nobody"]}, level),
            ({"failure_codes": ["delivery"]}, level),
            ({"failure_codes": ["deliver"]}, "false"),
            ({"levels": [2]}, "false"),
            ({"levels": [1, 2]}, "true"),
            ({"kinds": [v1.EVENT_KIND_CASE_OPENED], "case_ids": [other.case_id]}, f"{level} and kind = 1")):
        expected = stored(world, where)
        assert ids(read_all(feed(world), filter=filter_of(**wanted), page_size=2)[0]) == expected, wanted
        with Events(feed(world, 1), filter=filter_of(**wanted)) as events:
            events.has(expected)
    owned = read_all(feed(world), filter=filter_of(owner_ids=["ann"]))[0]
    assert owned and {one.owner_id for one in owned} == {"ann"}
    assert {one.case_id for one in owned} == {case.case_id}


def test_a_filter_on_a_live_stream_passes_over_the_rest(world):
    mine, ann = world.open(), world.agent("ann")
    wanted = filter_of(case_ids=[mine.case_id])
    with Events(feed(world), "LATEST", filter=wanted).ready() as events, Events(feed(world), "LATEST").ready() as all_:
        for _ in range(3):
            world.open()
        ann.RecordAct(case_id=mine.case_id, kind=v1.ACT_KIND_APOLOGY, note="Sorry.")
        all_.wait(lambda one: len(one.events) >= 4)
        events.wait(lambda one: one.events)
        assert {one.case_id for one in events.events} == {mine.case_id}


@pytest.mark.parametrize("position", ["", "earliest", "0", "A" * 88, "EARLIEST "])
def test_what_is_no_place_is_refused(world, position):
    with refused("INVALID_ARGUMENT", "INVALID_ARGUMENT") as caught:
        feed(world).ReadEvents(position=position)
    assert caught.error.fields == ["position"]
    with refused("INVALID_ARGUMENT", "INVALID_ARGUMENT"):
        next(feed(world).WatchEvents(position=position))


def test_a_bad_filter_is_refused(world):
    with refused("INVALID_ARGUMENT", "INVALID_ARGUMENT") as caught:
        feed(world).ReadEvents(position="LATEST", page_size=-1, filter=filter_of(
            case_ids=["7"], kinds=[0], levels=[0], customer_ids=[""]))
    assert set(caught.error.fields) == {"page_size", "filter.case_ids[0]", "filter.kinds[0]", "filter.levels[0]",
                                        "filter.customer_ids[0]"}


def test_another_tenant_sees_nothing_and_its_tokens_are_its_own(world):
    world.open()
    other = new_tenant(world.cluster, f"{world.tenant}-other")
    token = feed(world).ReadEvents(position="LATEST").resume_token
    assert read_all(feed(other))[0] == []
    with refused("INVALID_ARGUMENT", "INVALID_ARGUMENT"):
        feed(other).ReadEvents(position=token)
    with Events(feed(other)).ready() as events:
        world.open()
        theirs = other.open()
        events.wait(lambda one: one.events)
        assert {one.case_id for one in events.events} == {theirs.case_id}


def test_an_open_transaction_holds_events_back_and_none_is_lost(world):
    with Events(feed(world), "LATEST").ready() as events:
        before = len(stored(world))
        with world.cluster.postgres.connect(world.cluster.name) as holder:
            holder.cursor().execute("select pg_current_xact_id()")
            world.open()
            world.settle()
            assert not events.events
            page = feed(world).ReadEvents(position="EARLIEST")
            assert len(page.events) == before and not page.more
            holder.rollback()
        events.has(stored(world)[before:])


def test_heartbeats_carry_the_newest_place(world):
    world.open()
    with Events(feed(world), "LATEST", heartbeat_seconds=1,
                filter=filter_of(customer_ids=["nobody"])).ready() as events:
        assert events.messages[0].heartbeat_seconds == 5
        world.open()
        events.wait(lambda one: len(one.messages) >= 3, 30)
        assert not events.events
        assert read_all(feed(world), events.token)[0] == []


def test_a_token_of_31_days_ago_is_too_old(world):
    world.open()
    token = feed(world).ReadEvents(position="LATEST").resume_token
    world.advance(29 * sample.DAY_S)
    feed(world).ReadEvents(position=token)
    world.advance(2 * sample.DAY_S)
    with refused("OUT_OF_RANGE", "FEED_RESET") as caught:
        feed(world).ReadEvents(position=token)
    with refused("OUT_OF_RANGE", "FEED_RESET"):
        next(feed(world).WatchEvents(position=token))
    assert ids(read_all(feed(world), caught.error.metadata["earliest_token"])[0]) == stored(world)


def test_the_next_epoch_resets_streams_and_tokens(world):
    world.open()
    with Events(feed(world)) as events:
        events.has(stored(world))
        world.cluster.sql(f"update tenant set epoch = epoch + 1 where name = '{world.tenant}'")
        error = events.wait_end()
        assert (error.code.name, error.reason) == ("OUT_OF_RANGE", "FEED_RESET")
    with refused("OUT_OF_RANGE", "FEED_RESET"):
        feed(world).ReadEvents(position=events.token)
    world.open()
    # Events of the epoch before come first.
    with Events(feed(world), error.metadata["earliest_token"]) as events:
        events.has(stored(world))
        assert {one.epoch for one in events.events} == {1, 2}


def test_many_streams_see_the_same(world):
    streams = [Events(feed(world, turn % 2, f"reader-{turn // 4}"), "LATEST").ready() for turn in range(12)]
    before = len(stored(world))
    for _ in range(10):
        world.crm.OpenCase(**sample.claim())
    wait_until(lambda: len(stored(world)) >= before + 10, "the events")
    for one in streams:
        one.has(stored(world)[before:])
        one.end()


def test_who_was_shown_personal_parts_is_recorded(world):
    case = live(world)
    records = "select count(*) from access_record where principal = '{}' and method = '{}'"
    with Events(feed(world, 0, "warehouse"), personal=True) as events:
        events.has(stored(world))
    read_all(feed(world, 1, "reports"), personal=True)
    read_all(feed(world, 1, "plain"))
    for who, method in (("warehouse", "WatchEvents"), ("reports", "ReadEvents")):
        wait_until(lambda: world.cluster.sql(records.format(who, method))[0][0] > 0, "the record")
    rows = world.cluster.sql("select distinct case_id::text, customer_id from access_record where principal = 'reports'")
    assert rows == [(case.case_id, case.customer_id)]
    assert world.cluster.sql(records.format("plain", "ReadEvents")) == [(0,)]


def test_what_was_erased_is_not_shown(world):
    case = live(world)
    world.client("privacy", "root").EraseCustomer(customer_id=case.customer_id, reason="asked", include_open=True)
    events, _ = read_all(feed(world), personal=True)
    assert ids(events) == stored(world)
    assert events[0].event.erased and not events[0].event.HasField("personal")


def test_a_stream_follows_soon(world):
    """Not after the second that a look takes when nobody wakes it."""
    with Events(feed(world), "LATEST").ready() as events:
        began = time.monotonic()
        for turn in range(1, 6):
            world.crm.OpenCase(**sample.claim())
            events.wait(lambda one: len(one.events) >= turn)
        if world.cluster.redis:
            assert time.monotonic() - began < 4
