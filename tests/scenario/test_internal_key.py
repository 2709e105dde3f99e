# SPDX-License-Identifier: Apache-2.0
"""The services know each other by a key of their own, which opens Route and nothing else."""

import secrets
import subprocess

import pytest

from harness import api
from harness.certificates import LOCAL, Authority
from harness.cluster import SERVED_BY
from harness.errors import Error, refused
from harness.process import free_port, wait_until

from .support import sample
from .support.keys import calls, new_key


def own_calls(cluster):
    """Every call of the contract that is not the services' own, with an empty request: (name, method)."""
    key = cluster.internal_key.read_text().split()[0]
    for full_name in api.services():
        name = full_name.rpartition(".")[2]
        kind = name.removesuffix("Service").lower()
        kind = SERVED_BY.get(kind, kind)
        if name == "AssignmentInternalService":
            continue
        client = api.Client(cluster.replica(kind).channel, name,
                            tenant="demo", principal="amends", metadata=[api.bearer(f"amends-internal:{key}")])
        for method in api.service(full_name).methods:
            yield f"{name}/{method.name}", getattr(client, method.name), method.server_streaming


def test_the_key_opens_route_and_nothing_else(make_cluster):
    cluster = make_cluster(auth="required")
    cluster.internal().Route()
    for name, call, streams in own_calls(cluster):
        with refused("PERMISSION_DENIED", "ROLE_MISSING") as caught:
            answer = call()
            if streams:
                next(answer)
        assert caught.error.metadata["principal"] == "amends", name


def test_without_the_key_route_is_closed(make_cluster):
    cluster = make_cluster(auth="required")
    bare = api.Client(cluster.replica("assignment").channel, "AssignmentInternalService", tenant="demo",
                      principal="amends")
    with refused("UNAUTHENTICATED", "CREDENTIAL_MISSING"):
        bare.Route()
    with refused("UNAUTHENTICATED", "CREDENTIAL_REFUSED"):
        bare.Route(metadata=[api.bearer(f"amends-internal:{secrets.token_urlsafe(32)}")])
    log = cluster.replica("assignment").log.read_text()
    assert '"why":"another internal key than in the file"' in log
    assert cluster.replica("assignment").metrics()[
        'amends_auth_callers_total{kind="internal key",outcome="refused"}'] == 1


def test_services_route_with_their_key_from_another_machine(make_cluster):
    """As pods do: Route comes over an address that is not loopback."""
    cluster = make_cluster(auth="permissive", options=["--insecure-principals", "--insecure-plaintext"])
    assignment, intake = cluster.replica("assignment"), cluster.replica("intake")
    port = assignment.address.rpartition(":")[2]
    assignment.argv[assignment.argv.index("--listen") + 1] = f"0.0.0.0:{port}"
    cluster.restart(assignment)
    accepted = 'amends_auth_callers_total{kind="internal key",outcome="accepted"}'
    before = assignment.metrics().get(accepted, 0)
    cluster.intake().OpenCase(**sample.claim())
    wait_until(lambda: assignment.metrics().get(accepted, 0) > before, "intake to route")
    assert "route_refused" not in intake.log.read_text()


def test_the_key_is_changed_while_services_run(make_cluster):
    cluster = make_cluster(auth="required")
    old = cluster.internal_key.read_text().strip()
    new = secrets.token_urlsafe(32)
    cluster.internal_key.write_text(f"{old}\n{new}\n")
    wait_until(lambda: enters(cluster, new), "the second key to be accepted")
    assert enters(cluster, old)
    cluster.internal_key.write_text(f"{new}\n")
    wait_until(lambda: not enters(cluster, old), "the old key to be refused")
    assert enters(cluster, new)


def enters(cluster, key):
    client = api.Client(cluster.replica("assignment").channel, "AssignmentInternalService", tenant="demo")
    try:
        client.Route(metadata=[api.bearer(f"amends-internal:{key}")])
    except Error as error:
        assert error.reason == "CREDENTIAL_REFUSED"
        return False
    return True


@pytest.mark.parametrize("options, told", [
    (["--auth", "sometimes"], "is not one of off, permissive, required"),
    (["--auth", "required"], "give all of them the same --internal-key-file"),
    (["--auth", "permissive", "--listen", "0.0.0.0:0", "--insecure-plaintext"], "--insecure-principals"),
    (["--listen", "0.0.0.0:0", "--insecure-plaintext"], "--insecure-principals"),
    (["--internal-key-file", "/nowhere"], "openssl rand -base64 32"),
])
def test_what_would_be_open_to_all_or_to_nobody_does_not_start(cluster, options, told):
    argv = [*cluster.replica("intake").argv, "--admin", "", *options]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode in (1, 2)
    assert told in done.stdout + done.stderr


def test_route_goes_past_a_front_of_the_same_pod(make_cluster, state_folder):
    """As in the chart: the front calls assignment on loopback, and the services call it on a port with TLS of its own."""
    cluster = make_cluster(auth="required", options=("--trusted-front-loopback",))
    authority = Authority(state_folder / "tls")
    pair = authority.issue("server", *LOCAL)
    intake, assignment = cluster.replica("intake"), cluster.replica("assignment")
    past = f"127.0.0.1:{free_port()}"
    assignment.argv += ["--tls-cert", pair.cert, "--tls-key", pair.key, "--tls-listen", past]
    intake.argv += ["--assignment", past, "--tls-ca", authority.cert]
    cluster.restart(assignment)
    cluster.restart(intake)
    calls(cluster, new_key(cluster, "client", principal="crm"), "intake").OpenCase(**sample.claim())
    routed = 'amends_rpc_client_calls_total{code="OK"}'
    wait_until(lambda: intake.metrics()[routed] > 0 or intake.metrics()["amends_route_failed_total"] > 0, "Route to be called")
    assert intake.metrics()["amends_route_failed_total"] == 0
