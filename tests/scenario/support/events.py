# SPDX-License-Identifier: Apache-2.0
"""Reads the feed, and knows from the tables what it should have."""

import threading
import time

import grpc

from harness.errors import Error
from harness.process import wait_until

ORDER = "order by epoch, xid, case_id, seq"


def feed(world, replica=0, principal="crm"):
    return world.client("feed", principal, replica)


def ids(events):
    return [one.event_id for one in events]


def stored(world, where="true"):
    """The ids of the tenant's events, in the order of the feed, when nothing holds the last one back any more."""
    of_tenant = f"from case_event where tenant_id = (select tenant_id from tenant where name = '{world.tenant}')"
    last = world.cluster.sql(f"select xid::text {of_tenant} order by epoch desc, xid desc limit 1")
    wait_until(lambda: not last or world.cluster.sql(
        f"select '{last[0][0]}'::xid8 < pg_snapshot_xmin(pg_current_snapshot())")[0][0], "the transactions to end")
    return [row[0] for row in world.cluster.sql(f"select case_id || '/' || seq {of_tenant} and {where} {ORDER}")]


def read_all(client, position="EARLIEST", **request):
    """All events through as many pages as there are, and the last token."""
    events = []
    while True:
        page = client.ReadEvents(position=position, **request)
        events += page.events
        position = page.resume_token
        if not page.more:
            return events, position


class Events:
    """A WatchEvents, read in the background; `with` ends it."""

    def __init__(self, client, position="EARLIEST", timeout_s=120, **request):
        self._stream = client.WatchEvents(position=position, timeout_s=timeout_s, **request)
        self._news = threading.Condition()
        self.messages, self.events, self.error = [], [], None
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        try:
            for message in self._stream:
                with self._news:
                    self.messages.append(message)
                    self.events += message.events
                    self._news.notify_all()
        except grpc.RpcError as call:
            with self._news:
                self.error = Error.of(call)
                self._news.notify_all()

    @property
    def token(self):
        return self.messages[-1].resume_token

    def wait(self, condition, seconds=20.0):
        """Until `condition(self)` is true."""
        deadline = time.monotonic() + seconds
        with self._news:
            while not condition(self):
                left = deadline - time.monotonic()
                assert self.error is None, f"the stream ended: {self.error}"
                assert left > 0, f"not within {seconds:g} s; {len(self.events)} events came"
                self._news.wait(left)
        return self

    def ready(self):
        """It is open: the first message came."""
        return self.wait(lambda one: one.messages)

    def wait_end(self, seconds=20.0):
        """The error that it ended with."""
        with self._news:
            assert self._news.wait_for(lambda: self.error is not None, seconds), "the stream goes on"
        return self.error

    def has(self, expected, seconds=20.0):
        """Until exactly these came, in this order."""
        self.wait(lambda one: len(one.events) >= len(expected), seconds)
        assert ids(self.events) == expected
        return self

    def end(self):
        self._stream.cancel()
        self._thread.join(10)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()
