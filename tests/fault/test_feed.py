# SPDX-License-Identifier: Apache-2.0
"""The feed under faults: every event, in order per case, none missing, none twice within a stream; compared with the table."""

import random
import threading
import time

import grpc
import psycopg2
import pytest

from harness import api
from harness.errors import Error
from harness.process import wait_until
from scenario.support import sample
from scenario.support.events import feed, stored
from scenario.support.world import new_tenant

SECONDS, EVENTS = 20, 100_000


class Consumer:
    """Follows the feed for ever: stores each event with the token behind it, and is killed at random points, also
    between the events of one message and the token."""

    def __init__(self, world, seed):
        self.world, self.seen, self.streams, self.errors = world, {}, 0, []
        self.order = []  # ids as they were stored first
        self._random = random.Random(seed)
        self._token, self._stop = "EARLIEST", False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _client(self):
        replicas = self.world.cluster.replicas_of("feed")
        address = self._random.choice(replicas).address
        channel = api.channel(address)
        return channel, api.Client(channel, "FeedService", tenant=self.world.tenant, principal="crm")

    def _run(self):
        while not self._stop:
            channel, client = self._client()
            try:
                self._follow(client)
            except (grpc.RpcError, Error) as call:
                self._note(call)
                time.sleep(0.1)
            finally:
                channel.close()

    def _note(self, call):
        error = call if isinstance(call, Error) else Error.of(call)
        self.errors.append(error)

    def _follow(self, client):
        stream = client.WatchEvents(position=self._token, timeout_s=60)
        self.streams += 1
        within = set()
        for message in stream:
            for event in message.events:
                assert event.event_id not in within, "twice within a stream"
                within.add(event.event_id)
                self._take(event)
                if self._random.random() < 0.002:
                    stream.cancel()
                    return  # killed before the token was stored
            self._token = message.resume_token
            if self._stop or self._random.random() < 0.02:
                stream.cancel()
                return

    def _take(self, event):
        if event.event_id not in self.seen:
            self.order.append(event.event_id)
        self.seen[event.event_id] = event.event.sequence

    def wait(self, expected, seconds=300):
        wait_until(lambda: len(self.seen) >= len(expected), f"{len(expected)} events", seconds)
        time.sleep(0.5)

    def stop(self):
        self._stop = True
        self._thread.join(30)


class Writers:
    """Open cases at both replicas until they are stopped, whatever happens."""

    def __init__(self, world, n=4):
        self._world, self._stop = world, False
        self._threads = [threading.Thread(target=self._run, args=(one,), daemon=True) for one in range(n)]
        for thread in self._threads:
            thread.start()

    def _run(self, number):
        # A channel of its own, which outlives a restart of the service.
        channel = api.channel(self._world.cluster.replica("intake", number % 2).address)
        client = api.Client(channel, "IntakeService", tenant=self._world.tenant, principal=f"writer-{number}")
        while not self._stop:
            calls = [client.OpenCase.future(timeout_s=10, **sample.claim()) for _ in range(16)]
            for call in calls:
                call.exception()  # lost ones are no matter here
        channel.close()

    def stop(self):
        self._stop = True
        for thread in self._threads:
            thread.join(30)


class SqlWriters:
    """Write events as fast as they can, each to cases of its own, in transactions that stay open for a moment and
    overlap; one in ten is rolled back."""

    def __init__(self, world, total, n=4):
        self._world, self._share = world, total // n
        case = world.crm.OpenCase(**sample.claim()).case
        self._threads = [threading.Thread(target=self._run, args=(case.case_id, one), daemon=True) for one in range(n)]
        for thread in self._threads:
            thread.start()

    def _run(self, model, number):
        case_id, done = f"00000000-0000-7000-8000-00000000000{number}", 0
        while done < self._share:
            try:
                done += self._write(model, case_id, done, random.randrange(1, 400))
            except psycopg2.Error:
                time.sleep(0.1)
                done = self._stored(case_id, done)

    def _stored(self, case_id, done):
        """Whether a lost transaction was committed."""
        try:
            return self._world.cluster.sql(f"select count(*) from case_event where case_id = '{case_id}'")[0][0]
        except psycopg2.Error:
            return done

    def _write(self, model, case_id, done, n):
        with self._world.cluster.postgres.connect(self._world.cluster.name) as connection:
            connection.autocommit = False
            cursor = connection.cursor()
            # Closed, and in no list: nobody else writes to it.
            cursor.execute(
                "insert into recovery_case select (jsonb_populate_record(x, jsonb_build_object('case_id', %s::text,"
                " 'status', 6))).* from recovery_case x where case_id = %s on conflict do nothing", (case_id, model))
            cursor.execute(
                "insert into case_event (tenant_id, case_id, seq, epoch, at, kind, actor, public, private_digest,"
                " prev_hash, hash) select tenant_id, %s::uuid, %s + n, epoch, at, kind, actor, public, '', prev_hash, hash"
                " from case_event, generate_series(1, %s) n where case_id = %s and seq = 1", (case_id, done, n, model))
            time.sleep(random.random() * 0.02)
            if random.random() < 0.1:
                connection.rollback()
                return 0
            connection.commit()
            return n

    def wait(self):
        for thread in self._threads:
            thread.join(600)


class Holders:
    """Hold transactions with an id open, for moments that overlap; some of them write nothing, some in another
    database."""

    def __init__(self, cluster):
        self._cluster, self._stop = cluster, False
        self._threads = [threading.Thread(target=self._run, args=(one,), daemon=True) for one in range(3)]
        for thread in self._threads:
            thread.start()

    def _run(self, number):
        while not self._stop:
            try:
                with self._cluster.postgres.connect("postgres" if number == 0 else self._cluster.name) as held:
                    held.cursor().execute("select pg_current_xact_id()")
                    time.sleep(random.random() * 0.3)
                    held.rollback()
            except psycopg2.Error:
                time.sleep(0.1)

    def stop(self):
        self._stop = True
        for thread in self._threads:
            thread.join(30)


def in_order_per_case(order):
    last = {}
    for one in order:
        case_id, _, sequence = one.partition("/")
        if int(sequence) != last.get(case_id, 0) + 1:
            return False
        last[case_id] = int(sequence)
    return True


def restart_postgres(cluster):
    cluster.postgres.crash()
    cluster.postgres.start()
    for service in cluster.services:
        service.wait_ready()


def test_nothing_is_missing_whatever_happens(make_cluster):
    cluster = make_cluster(replicas=2, own_postgres=True)
    world = new_tenant(cluster, "storm")
    world.agent("ann", capacity=1000)
    consumers = [Consumer(world, seed) for seed in range(2)]
    writers, holders, sql = Writers(world), Holders(cluster), SqlWriters(world, EVENTS)
    began = time.monotonic()
    while time.monotonic() - began < SECONDS:
        time.sleep(SECONDS / 4)
        if random.choice((True, False)):
            restart_postgres(cluster)
        else:
            service = cluster.replica("intake", random.randrange(2))
            service.kill()
            service.start().wait_ready()
    writers.stop()
    sql.wait()
    holders.stop()
    cluster.settle()
    expected = stored(world)
    assert len(expected) > EVENTS
    for consumer in consumers:
        consumer.wait(expected)
        consumer.stop()
        assert sorted(consumer.seen) == sorted(expected)
        assert in_order_per_case(consumer.order), "of each case in its order"
        assert not [one for one in consumer.errors if one.reason in ("FEED_RESET", "SLOW_CONSUMER")]
        assert consumer.streams > 3
    assert [one.event_id for one in pages(world)] == expected


def pages(world):
    position = "EARLIEST"
    while True:
        page = feed(world, 1).ReadEvents(position=position, page_size=500)
        yield from page.events
        position = page.resume_token
        if not page.more:
            return


def test_a_restored_database_begins_anew(make_cluster):
    """From a copy, with `amends restore`: streams and tokens of before end, and everything comes again."""
    cluster = make_cluster(replicas=2)
    world = new_tenant(cluster, "restored")
    for _ in range(5):
        world.open()
    copy, position = f"{cluster.name}_copy", feed(world).ReadEvents(position="LATEST").resume_token
    for service in cluster.services:
        service.stop()
    cluster.postgres.create_database(copy, template=cluster.name)
    for service in cluster.services:
        service.start().wait_ready()
    lost = world.open()
    for service in cluster.services:
        service.stop()
    cluster.postgres.drop_database(cluster.name)
    cluster.postgres.create_database(cluster.name, template=copy)
    cluster.sql("update tenant set epoch = epoch + 1")
    for service in cluster.services:
        service.start().wait_ready()
    found = world.open()
    with pytest.raises(grpc.RpcError) as caught:
        next(feed(world).WatchEvents(position=position, timeout_s=30))
    error = Error.of(caught.value)
    assert (error.code.name, error.reason) == ("OUT_OF_RANGE", "FEED_RESET")
    stream = feed(world).WatchEvents(position=error.metadata["earliest_token"], timeout_s=30)
    seen = []
    while len(seen) < len(stored(world)):
        seen += [one.event_id for one in next(stream).events]
    stream.cancel()
    assert seen == stored(world)
    assert f"{lost.case_id}/1" not in seen and f"{found.case_id}/1" in seen


def test_streams_outlive_a_restart_of_postgres(make_cluster):
    cluster = make_cluster(own_postgres=True)
    world = new_tenant(cluster, "outlive")
    world.open()
    stream = feed(world).WatchEvents(position="EARLIEST", timeout_s=120, heartbeat_seconds=5)
    seen = []
    while len(seen) < len(stored(world)):
        seen += [one.event_id for one in next(stream).events]
    restart_postgres(cluster)
    world.open()
    while len(seen) < len(stored(world)):
        seen += [one.event_id for one in next(stream).events]
    assert seen == stored(world)
    stream.cancel()
