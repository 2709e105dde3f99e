# SPDX-License-Identifier: Apache-2.0
"""Callers that ask for too much of what is shared: only they are refused."""

import threading

import grpc
import pytest

from harness import api
from harness.api import message
from harness.errors import Error, refused
from scenario.support import sample

HEALTH_WATCH = "/grpc.health.v1.Health/Watch"
WATCHES_OF_A_CONNECTION = 16


@pytest.fixture
def cluster(make_cluster):
    return make_cluster()


def test_too_much_metadata_ends_its_own_call_only(cluster):
    errors, over = [], threading.Event()

    def others():
        while not over.is_set():
            try:
                cluster.intake().OpenCase(**sample.claim())
            except Error as error:
                errors.append(error)

    threads = [threading.Thread(target=others) for _ in range(4)]
    for thread in threads:
        thread.start()
    for size in (9_000, 17_000, 60_000) * 3:
        with refused("RESOURCE_EXHAUSTED", "TOO_LARGE") as caught:
            cluster.intake().ListCases(metadata=[("baggage", "x" * size)])
        assert caught.error.metadata["most_bytes"] == "8192"
    over.set()
    for thread in threads:
        thread.join()
    assert not errors


def watch(channel, service=""):
    call = channel.unary_stream(HEALTH_WATCH, request_serializer=lambda one: one.SerializeToString(),
                                response_deserializer=message("grpc.health.v1.HealthCheckResponse").FromString)
    stream = call(message("grpc.health.v1.HealthCheckRequest")(service=service), timeout=60)
    return stream, next(stream)


def test_who_watches_health_takes_it_from_nobody(cluster):
    address = cluster.replica("intake").address
    greedy = api.channel(address)
    streams = [watch(greedy)[0] for _ in range(WATCHES_OF_A_CONNECTION)]
    with pytest.raises(grpc.RpcError) as caught:
        watch(greedy)
    assert caught.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    channels = [api.channel(address) for _ in range(30)]
    for channel in channels:
        stream, first = watch(channel)
        streams.append(stream)
        assert first.status == 1
    for stream in streams:
        stream.cancel()
    for channel in (greedy, *channels):
        channel.close()


def test_a_compressed_request_is_refused_and_is_no_error_of_the_service(cluster):
    service = cluster.replica("intake")
    channel = grpc.insecure_channel(service.address, compression=grpc.Compression.Gzip)
    intake = api.Client(channel, "IntakeService", tenant="demo", principal="crm")
    with refused("UNIMPLEMENTED") as caught:
        intake.OpenCase(**sample.claim(description="again and again " * 200))
    assert "ompress" in caught.error.message
    channel.close()
    assert '"level":"error"' not in service.log.read_text()
