# SPDX-License-Identifier: Apache-2.0
"""A replica that joins under load gets its share of the calls within twice the age of a connection."""

import contextlib
import itertools
import socket
import threading
import time

from harness import api
from harness.errors import Error
from harness.process import Failed, free_port, wait_until

CLIENTS = 16
AGE_MS = 3000
REPLICAS = 3


class Balancer:
    """One address before several, as a Service of Kubernetes is: each new connection goes to the next one, and
    stays there."""

    def __init__(self, services):
        self.services = list(services)
        self.port = free_port()
        self._turn = itertools.count()
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=64)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                host, _, port = self.services[next(self._turn) % len(self.services)].address.rpartition(":")
                server = socket.create_connection((host, int(port)))
                threading.Thread(target=self._relay, args=(client, server), daemon=True).start()

    def _relay(self, client, server):
        with client, server:
            back = threading.Thread(target=self._copy, args=(server, client), daemon=True)
            back.start()
            self._copy(client, server)
            back.join()

    @staticmethod
    def _copy(one, other):
        with contextlib.suppress(OSError):
            while data := one.recv(65536):
                other.sendall(data)
        for end in (one, other):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self):
        self._listener.close()


def calls_of(service):
    return sum(value for name, value in service.metrics().items()
               if name.startswith("amends_rpc_calls_total") and "IntakeService" in name)


def shares(services, seconds):
    """Which part of the calls of these seconds each replica had."""
    before = [calls_of(one) for one in services]
    time.sleep(seconds)
    had = [calls_of(one) - count for one, count in zip(services, before)]
    return [one / max(1, sum(had)) for one in had]


def test_a_replica_that_joins_gets_its_share(make_cluster):
    cluster = make_cluster(replicas={"intake": REPLICAS}, options=("--max-connection-age-ms", AGE_MS))
    services = cluster.replicas_of("intake")
    late = services[-1]
    balancer = Balancer(services[:-1])
    over, failed = threading.Event(), []

    def call():
        channel = api.channel(f"127.0.0.1:{balancer.port}")
        intake = api.Client(channel, "IntakeService", tenant="demo", principal="crm")
        while not over.wait(0.01):
            try:
                intake.ListCases(page_size=1)
            except Error as error:
                failed.append(error)
        channel.close()

    threads = [threading.Thread(target=call, daemon=True) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    try:
        wait_until(lambda: min(map(calls_of, services[:-1])) > 50, "the load to run")
        assert calls_of(late) == 0
        balancer.services.append(late)
        time.sleep(2 * AGE_MS / 1000)
        part = shares(services, 2 * AGE_MS / 1000)
        if not 0.5 / REPLICAS < part[-1] < 2.0 / REPLICAS:
            raise Failed(f"the shares are {part}")
    finally:
        over.set()
        for thread in threads:
            thread.join(10)
        balancer.close()
    assert not failed, failed[:3]
