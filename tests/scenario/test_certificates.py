# SPDX-License-Identifier: Apache-2.0
"""Who calls by the names in a client certificate. tests/unit/auth/test_san_map.c has what a file of them may say."""

import os
import subprocess

import grpc
import pytest

from harness import api, paths
from harness.certificates import LOCAL, Authority
from harness.errors import refused
from harness.process import wait_until

from .support import sample

PATIENCE_S = 30
MAP = """# who is who
uri:spiffe://example.com/crm        demo  crm   CLIENT
uri:spiffe://example.com/agents/*   demo  *     AGENT
dns:mail.example.com                demo  mail  GATEWAY
"""


@pytest.fixture
def folder(session_folder, tmp_path):
    # Beside the services' own files, where the user whom they run as can read it.
    made = session_folder / f"certificates-{tmp_path.name}"
    made.mkdir(exist_ok=True)
    made.chmod(0o755)
    return made


@pytest.fixture
def authority(folder):
    return Authority(folder)


@pytest.fixture
def names(folder):
    file = folder / "clients.txt"
    write(file, MAP)
    return file


def write(file, text):
    fresh = file.with_suffix(".new")
    fresh.write_text(text)
    fresh.chmod(0o644)
    os.replace(fresh, file)


@pytest.fixture
def start(make_cluster, authority, names):
    def run(auth="required"):
        pair = authority.issue("server", *LOCAL)
        for file in (pair.cert, pair.key, authority.cert):
            file.chmod(0o644)
        return make_cluster(auth=auth, options=[
            "--tls-cert", pair.cert, "--tls-key", pair.key, "--tls-ca", authority.cert, "--tls-client-ca",
            authority.cert, "--tls-client-cert", "asked", "--tls-client-map", names])
    return run


def caller(cluster, authority, kind, *alternatives, **who):
    """The service as the bearer of a certificate sees it, or of none."""
    shown = {}
    if alternatives:
        pair = authority.issue("client", *alternatives)
        shown = {"private_key": pair.key.read_bytes(), "certificate_chain": pair.cert.read_bytes()}
    credentials = grpc.ssl_channel_credentials(authority.cert.read_bytes(), **shown)
    address = f"localhost:{cluster.replica(kind).address.rpartition(':')[2]}"
    channel = grpc.secure_channel(address, credentials, options=[("grpc.use_local_subchannel_pool", 1)])
    return api.Client(channel, f"{kind.capitalize()}Service", **who)


def test_a_certificate_says_who_calls(start, authority):
    cluster = start()
    crm = caller(cluster, authority, "intake", "URI:spiffe://example.com/crm")
    case = crm.OpenCase(**sample.claim()).case
    ann = caller(cluster, authority, "intake", "URI:spiffe://example.com/agents/ann")
    assert [event.actor for event in ann.GetCaseHistory(case_id=case.case_id).events][0] == "crm"
    with refused("PERMISSION_DENIED", "ROLE_MISSING"):
        caller(cluster, authority, "resolution", "URI:spiffe://example.com/crm").ResolveCase()


def test_other_certificates_are_nobody(start, authority):
    cluster = start()
    for alternatives in ((), ("URI:spiffe://example.com/crm2",), ("URI:spiffe://example.com/agents/",),
                         ("DNS:example.com",)):
        with refused("UNAUTHENTICATED", "CREDENTIAL_MISSING"):
            caller(cluster, authority, "intake", *alternatives).ListCases()
    with refused("UNAUTHENTICATED", "CREDENTIAL_REFUSED"):
        caller(cluster, authority, "intake", "URI:spiffe://example.com/agents/a/b").ListCases()
    with refused("UNAUTHENTICATED", "PRINCIPAL_INVALID"):
        caller(cluster, authority, "intake", "URI:spiffe://example.com/crm", tenant="other").ListCases()


def test_a_credential_goes_before_a_certificate(start, authority):
    cluster = start()
    with refused("UNAUTHENTICATED", "CREDENTIAL_REFUSED"):
        caller(cluster, authority, "intake", "URI:spiffe://example.com/crm",
               metadata=[api.bearer("nonsense")]).ListCases()


def test_in_permissive_others_are_believed(start, authority):
    cluster = start("permissive")
    believed = caller(cluster, authority, "intake", tenant="demo", principal="eve")
    case = believed.OpenCase(**sample.claim()).case
    crm = caller(cluster, authority, "intake", "URI:spiffe://example.com/crm")
    assert crm.GetCase(case_id=case.case_id).case.case_id == case.case_id
    assert cluster.replica("intake").metrics()[
        'amends_auth_callers_total{kind="certificate",outcome="accepted"}'] == 1


def test_the_map_is_read_again_and_streams_end_with_their_line(start, authority, names):
    cluster = start()
    crm = caller(cluster, authority, "assignment", "URI:spiffe://example.com/crm")
    crm.PutAgent(agent=sample.agent("ann"))
    stream = caller(cluster, authority, "assignment", "URI:spiffe://example.com/agents/ann").WatchOffers()
    next(stream)
    write(names, "dns:mail.example.com demo\n")
    log = cluster.replica("intake").log
    wait_until(lambda: '"event":"certificate_map_kept"' in log.read_text(), PATIENCE_S)
    caller(cluster, authority, "intake", "URI:spiffe://example.com/crm").ListCases()
    write(names, MAP.replace("agents/*", "people/*"))
    with refused("UNAUTHENTICATED", "CREDENTIAL_ENDED"):
        for _ in stream:
            pass


def test_nobody_behind_a_front_is_one_of_the_services(make_cluster, names):
    """Any program of this machine may say here what a front says."""
    write(names, MAP + "uri:spiffe://example.com/amends * amends INTERNAL\n")
    cluster = make_cluster(auth="required", options=["--trusted-front-loopback", "--tls-client-map", names])

    def told(kind, service, name):
        return api.Client(cluster.replica(kind).channel, service, tenant="demo", metadata=[
            ("amends-peer", "192.0.2.7:51234"), ("amends-client-san", f"uri:spiffe://example.com/{name}")])

    assert told("intake", "IntakeService", "crm").ListCases() is not None
    with refused("PERMISSION_DENIED", "INTERNAL_ONLY"):
        told("assignment", "AssignmentInternalService", "amends").Route()
    cluster.internal().Route()


def test_a_map_that_can_have_no_effect_or_is_wrong_does_not_start(names):
    done = subprocess.run([paths.program("amends-intake"), "--tls-client-map", names], check=False,
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and "--tls-client-map: needs --tls-client-ca" in done.stderr
    write(names, "dns:a demo a CLIENT\nx\n")
    done = subprocess.run([paths.program("amends-intake"), "--tls-client-map", names, "--trusted-front-loopback",
                           "--listen", "127.0.0.1:0", "--admin", ""], check=False, capture_output=True, text=True,
                          timeout=60)
    assert done.returncode == 1 and '"line":2' in done.stderr and "four columns" in done.stderr
