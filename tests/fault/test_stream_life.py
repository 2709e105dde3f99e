# SPDX-License-Identifier: Apache-2.0
"""A stream ends with a farewell, never by a cut connection; its client goes on where it ended."""

import json
import os
import subprocess
import threading
import time

import grpc
import pytest

from harness import api, paths
from harness.api import v1
from harness.errors import Error
from harness.process import wait_until
from scenario.support.world import new_tenant

AGE_MS, LIFE_MS = 2000, 4000
OPTIONS = ("--max-connection-age-ms", AGE_MS, "--max-stream-life-ms", LIFE_MS)


def watch(agent, token=""):
    return agent.on("assignment", "WatchOffers", 0)(resume_token=token, timeout_s=60)


def read_snapshot(stream):
    """Messages up to the end of the snapshot; the last one has the token."""
    messages = []
    while not messages or not messages[-1].snapshot_complete:
        messages.append(next(stream))
    return messages


def states(messages):
    return [(one.offer.offer_id, one.offer.state) for one in messages if one.HasField("offer")]


def test_a_stream_opened_at_the_end_of_its_connection_s_age_gets_its_farewell(make_cluster):
    cluster = make_cluster(options=OPTIONS)
    ann = new_tenant(cluster, "life").agent("ann")
    streams = []

    def open_one(wait_s):
        # A connection of its own, whose age begins with a call.
        channel = api.channel(cluster.replica("assignment").address)
        client = api.Client(channel, "AssignmentService", tenant="life", principal="ann")
        client.GetAgent(agent_id="ann")
        time.sleep(wait_s)
        opened = time.monotonic()
        stream = client.WatchOffers(heartbeat_seconds=5, timeout_s=60)
        with pytest.raises(grpc.RpcError) as caught:
            for _ in stream:
                pass
        streams.append((Error.of(caught.value), time.monotonic() - opened))
        channel.close()

    threads = [threading.Thread(target=open_one, args=(wait_s,)) for wait_s in (0, 1.0, 1.6, 1.75)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(streams) == len(threads)
    for error, lived_s in streams:
        assert (error.code.name, error.reason) == ("UNAVAILABLE", "STREAM_ENDED"), error
        assert 0.9 * LIFE_MS / 1000 - 0.1 < lived_s < LIFE_MS / 1000 + 2
    assert ann.id == "ann"


def test_a_stream_goes_on_where_the_last_one_ended(make_cluster):
    cluster = make_cluster()
    world = new_tenant(cluster, "life")
    ann, bob = world.agent("ann"), world.agent("bob", present=False)
    kept, answered = world.open(), world.open()
    offers = [world.pending(case).offer_id for case in (kept, answered)]
    first = watch(ann)
    messages = read_snapshot(first)
    assert {offer for offer, _ in states(messages)} == set(offers)
    first.cancel()
    ann.accept(answered)
    token = messages[-1].resume_token
    assert states(read_snapshot(watch(ann, token))) == [(offers[1], v1.OFFER_STATE_ACCEPTED)]
    # Whoever steals it learns nothing.
    assert states(read_snapshot(watch(bob, token))) == []


@pytest.fixture(params=["offer", "work"])
def follow(request, make_cluster, tmp_path):
    """amendsctl offer watch, or work watch, of an agent, and what it has printed."""
    cluster = make_cluster(options=("--max-stream-life-ms", 1500))
    world = new_tenant(cluster, "life")
    ann = world.agent("ann")
    out = open(tmp_path / "watched", "wb")
    child = subprocess.Popen(
        [paths.program("amendsctl"), "--json", request.param, "watch"], stdout=out, stderr=subprocess.PIPE,
        env={**os.environ, "AMENDS_TENANT": "life", "AMENDS_AS": "ann",
             "AMENDS_ASSIGNMENT": cluster.replica("assignment").address})

    def printed():
        return [json.loads(line) for line in (tmp_path / "watched").read_text().splitlines()]

    yield cluster, world, ann, child, printed
    child.kill()
    child.wait(10)
    child.stderr.close()
    out.close()


def test_amendsctl_watches_on(follow):
    cluster, world, ann, child, printed = follow
    case = world.open()
    offer = world.pending(case).offer_id

    def of_offer():
        return [one["offer"]["state"] for one in printed() if one.get("offer", {}).get("offerId") == offer]

    def snapshots():
        return sum(one.get("snapshotComplete", False) for one in printed())

    wait_until(lambda: of_offer() == ["OFFER_STATE_PENDING"], "the offer")
    wait_until(lambda: snapshots() >= 3, "two streams to be followed by another")
    cluster.restart(cluster.replica("assignment"))
    before = snapshots()
    wait_until(lambda: snapshots() > before, "a stream of the new process")
    ann.accept(case)
    wait_until(lambda: of_offer() == ["OFFER_STATE_PENDING", "OFFER_STATE_ACCEPTED"], "the answer, once")
    assert child.poll() is None
