# SPDX-License-Identifier: Apache-2.0
"""Reads a server stream in the background."""

import threading
import time

import grpc

from harness.api import v1


class Watch:
    """A WatchOffers of one agent; `with` ends it. Heartbeats are left out."""

    def __init__(self, agent, replica=None):
        self._stream = agent.on("assignment", "WatchOffers", replica)(timeout_s=120)
        self._news = threading.Condition()
        self.messages = []
        self.snapshot = None  # offers before the end of the snapshot
        self.error = None
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        try:
            for message in self._stream:
                with self._news:
                    self._take(message)
                    self._news.notify_all()
        except grpc.RpcError as call:
            with self._news:
                self.error = call
                self._news.notify_all()

    def _take(self, message):
        if message.HasField("offer"):
            self.messages.append(message)
        if message.snapshot_complete:
            self.snapshot = [one.offer for one in self.messages]

    def wait(self, condition, seconds=10.0):
        """Until `condition(self)` is true."""
        deadline = time.monotonic() + seconds
        with self._news:
            while not condition(self):
                left = deadline - time.monotonic()
                assert self.error is None, f"the stream ended: {self.error}"
                assert left > 0, f"not within {seconds:g} s; the stream has {self.seen()}"
                self._news.wait(left)
        return self

    def ready(self):
        return self.wait(lambda one: one.snapshot is not None)

    def seen(self):
        """(offer id, state) of all that came, in order."""
        return [(one.offer.offer_id, v1.OfferState.Name(one.offer.state).removeprefix("OFFER_STATE_"))
                for one in list(self.messages)]

    def end(self):
        self._stream.cancel()
        self._thread.join(10)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()
