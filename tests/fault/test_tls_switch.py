# SPDX-License-Identifier: Apache-2.0
"""A running system begins to speak TLS: a second port beside the plaintext one, callers and services move to it, the
plaintext port goes. Replica by replica, under load, and no call fails."""

import time

import grpc

from harness.certificates import LOCAL, Authority
from harness.process import free_port, port_is_free, wait_until

from .test_auth_switch import Switching
from .test_rolling_restart import OPTIONS, calls_of, service_config


class Moving(Switching):
    """Callers that move to TLS while they call."""

    def move(self, addresses, authority):
        before, self._channel = self._channel, grpc.secure_channel(
            "ipv4:" + ",".join(addresses), grpc.ssl_channel_credentials(authority.cert.read_bytes()),
            options=[("grpc.ssl_target_name_override", "localhost"), ("grpc.service_config", service_config(True)),
                     ("grpc.use_local_subchannel_pool", 1),
                     ("grpc.max_reconnect_backoff_ms", 300), ("grpc.initial_reconnect_backoff_ms", 100)])
        time.sleep(2)  # calls that were under way
        before.close()


def roll(cluster, options_of):
    """Every replica gets its options, one after another, assignment first: the others call it."""
    for service in sorted(cluster.services, key=lambda one: one.kind != "assignment"):
        service.argv += [str(word) for word in options_of(service)]
        assert service.stop(seconds=30) == 0
        service.start().wait_ready()
        if service.kind == "intake":
            before = calls_of(service)
            wait_until(lambda: calls_of(service) > before + 10, "the replica to be called")


def test_tls_is_switched_on_under_load(make_cluster):
    cluster = make_cluster(replicas={"intake": 2}, options=OPTIONS)
    cluster.folder.chmod(0o755)
    authority = Authority(cluster.folder / "ca")
    pair = authority.issue("server", *LOCAL)
    own = {service.name: f"127.0.0.1:{free_port()}" for service in cluster.services}
    of_assignment = own[cluster.replica("assignment").name]
    replicas = cluster.replicas_of("intake")

    def both(service):
        return ("--tls-listen", own[service.name], "--tls-cert", pair.cert, "--tls-key", pair.key)

    def calls_over_tls(service):
        return () if service.kind == "assignment" else ("--tls-ca", authority.cert, "--assignment", of_assignment)

    with Moving(replicas) as callers:
        roll(cluster, both)
        roll(cluster, calls_over_tls)
        callers.move([own[one.name] for one in replicas], authority)
        answered = callers.answered
        wait_until(lambda: callers.answered > answered + 100, "calls over TLS")
        roll(cluster, lambda service: ("--listen", own[service.name], "--tls-listen", ""))
        answered = callers.answered
        wait_until(lambda: callers.answered > answered + 100, "calls when there is no plaintext")
    assert not callers.failed, callers.failed[:5]
    for service in cluster.services:
        assert port_is_free(int(service.address.rpartition(":")[2])), f"{service.name} still listens in plaintext"
        assert '"event":"route_unavailable"' not in service.log.read_text(), service.name
