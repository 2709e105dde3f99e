# SPDX-License-Identifier: Apache-2.0
"""Callers that ask for too much of what is shared: only they are refused."""

import socket
import threading

import grpc
import pytest

from harness import api
from harness.api import message, v1
from harness.errors import Error, refused
from harness.process import wait_until
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


def own_address():
    """This machine's address on its network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing
        except OSError:
            pytest.skip("this machine has no network")
        return probe.getsockname()[0]


def test_route_is_taken_from_this_machine_only(make_cluster):
    cluster = make_cluster(options=("--insecure-principals", "--insecure-plaintext"))
    intake, assignment = cluster.replica("intake"), cluster.replica("assignment")
    port = assignment.address.rpartition(":")[2]
    assignment.argv[assignment.argv.index("--listen") + 1] = f"0.0.0.0:{port}"
    cluster.restart(assignment)
    outside = f"{own_address()}:{port}"
    for address, allowed in ((outside, False), (assignment.address, True)):
        channel = api.channel(address)
        route = api.Client(channel, "AssignmentInternalService", tenant="demo", principal="amends").Route
        if allowed:
            route()
        else:
            with refused("PERMISSION_DENIED", "INTERNAL_ONLY"):
                route()
        channel.close()
    # A service of another machine does without: the sweep finds what it committed.
    intake.argv += ["--assignment", outside]
    cluster.restart(intake)
    cluster.assignment().PutAgent(agent=sample.agent("ann"))
    cluster.assignment().SetPresence(agent_id="ann", presence=v1.PRESENCE_AVAILABLE)
    for _ in range(3):
        case_id = cluster.intake().OpenCase(**sample.claim()).case.case_id
        wait_until(lambda: cluster.intake().GetCase(case_id=case_id).case.offers, "the case to be offered")
    assert intake.log.read_text().count("route_refused") == 1


def test_a_caller_that_runs_wild_is_slowed_down_and_no_other(make_cluster):
    """Calls a second, for a principal and for a tenant; a call that costs more counts as several."""
    cluster = make_cluster(options=("--max-calls-principal-s", 5, "--max-calls-tenant-s", 15))
    intake = cluster.intake(principal="wild")
    for _ in range(10):
        intake.ListCases()
    with refused("RESOURCE_EXHAUSTED", "RATE_LIMITED") as caught:
        for _ in range(10):
            intake.ListCases()
    error = caught.error
    assert error.metadata == {"limit": "principal", "calls_a_second": "5", "price": "1"}
    assert 0.1 <= error.retry_s <= 1
    cluster.intake(principal="crm").ListCases()
    cluster.intake(principal="wild", tenant="acme").ListCases()
    wait_until(lambda: not refusal(intake.ListCases), "the rate to let it in again", 3)
    # A batch of ten is ten calls and one: what it is behind with is paid by who comes next.
    batch = cluster.intake(principal="batch")
    assert not refusal(lambda: batch.BatchGetCases(case_ids=[api.new_id() for _ in range(10)]))
    assert refusal(batch.ListCases) == "RATE_LIMITED"
    refusals = [refusal(cluster.intake(principal=f"p-{number}").ListCases) for number in range(40)]
    assert refusals[-1] == "RATE_LIMITED"
    cluster.intake(tenant="acme").ListCases()
    service = cluster.replica("intake")
    assert service.metrics()['amends_rpc_shed_total{limit="calls_a_second_of_principal"}'] >= 2
    assert service.metrics()['amends_rpc_shed_total{limit="calls_a_second_of_tenant"}'] >= 1
    assert '"event":"rate_limited"' in service.log.read_text()


def refusal(call):
    """Why the call was refused; '' when it was not."""
    try:
        call()
        return ""
    except Error as error:
        return error.reason
