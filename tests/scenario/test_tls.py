# SPDX-License-Identifier: Apache-2.0
"""TLS between clients and services, and between services; and what is said when both sides do not agree."""

import re
import socket
import subprocess

import grpc
import pytest

from harness import api, paths
from harness.api import v1
from harness.certificates import LOCAL, SKEW_S, Authority, Tls
from harness.errors import Error
from harness.process import free_port, wait_until

from .support import sample

AWAY = 7


@pytest.fixture
def authority(state_folder):
    return Authority(state_folder / "ca")


def ctl(cluster, *flags, kind="intake", words=("case", "list"), address=None):
    """amendsctl with these flags: the finished process."""
    return subprocess.run(
        [paths.program("amendsctl"), f"--{kind}={address or cluster.replica(kind).address}", "--tenant=demo", "--as=crm", *flags,
         *words], capture_output=True, text=True, check=False, timeout=60)


def told(done):
    """The one line that says what is wrong."""
    assert done.returncode == AWAY and not done.stdout, done
    (line,) = done.stderr.strip().splitlines()
    return line


def logged(service, event, words=""):
    return wait_until(lambda: [line for line in service.log.read_text().splitlines()
                               if f'"{event}"' in line and words in line], f"{event} {words} in the log")


def offered(cluster):
    """One case goes through all services: it was offered to ann."""
    cluster.assignment().PutAgent(agent=sample.agent("ann"))
    cluster.assignment().SetPresence(agent_id="ann", presence=v1.PRESENCE_AVAILABLE)
    case_id = cluster.intake().OpenCase(**sample.claim()).case.case_id
    wait_until(lambda: cluster.intake().GetCase(case_id=case_id).case.offers, "the case to be offered")


# -- calls ------------------------------------------------------------------------------------------------------------


def test_everything_speaks_tls(make_cluster, authority):
    cluster = make_cluster(tls=Tls(authority))
    offered(cluster)
    metrics = cluster.replica("intake").metrics()
    assert metrics["amends_route_failed_total"] == 0
    assert metrics['amends_tls_certificate_expires_seconds{use="server"}'] > 0
    assert metrics['amends_tls_certificate_expires_seconds{use="client"}'] > 0
    done = ctl(cluster, "--tls-ca", authority.cert)
    assert done.returncode == 0, done.stderr


def test_clients_have_certificates(make_cluster, authority):
    cluster = make_cluster(tls=Tls(authority, client=authority.issue("crm", "DNS:crm.example")))
    offered(cluster)
    assert cluster.replica("intake").metrics()["amends_route_failed_total"] == 0
    pair = authority.issue("ctl", "DNS:ctl.example")
    done = ctl(cluster, "--tls-ca", authority.cert, "--tls-cert", pair.cert, "--tls-key", pair.key)
    assert done.returncode == 0, done.stderr


def test_amendsctl_is_told_in_the_environment(make_cluster, authority):
    cluster = make_cluster(tls=Tls(authority))
    done = subprocess.run([paths.program("amendsctl"), "case", "list"], capture_output=True, text=True, check=False,
                          timeout=60, env={"AMENDS_TLS_CA": str(authority.cert), "AMENDS_TLS": "yes",
                                           "AMENDS_INTAKE": cluster.replica("intake").address})
    assert done.returncode == 0, done.stderr


def openssl(address, ca, *options):
    """What `openssl s_client` prints of a handshake: a client that tells the server what it does not accept."""
    done = subprocess.run(["openssl", "s_client", "-connect", address, "-alpn", "h2", "-CAfile", ca,
                           "-verify_return_error", *options], input=b"", capture_output=True, check=False, timeout=60)
    return done.stdout.decode(errors="replace")


@pytest.mark.parametrize("version, spoken", [("-tls1_1", False), ("-tls1_2", True), ("-tls1_3", True)])
def test_the_oldest_version_is_1_2(make_cluster, authority, version, spoken):
    cluster = make_cluster(replicas={"intake": 1}, tls=Tls(authority))
    text = openssl(cluster.replica("intake").address, authority.cert, version, "-cipher", "DEFAULT@SECLEVEL=0")
    assert ("Verify return code: 0" in text and "ALPN protocol: h2" in text) == spoken, text


# -- switching it on --------------------------------------------------------------------------------------------------


def test_two_ports_while_clients_are_moved(make_cluster, authority):
    cluster = make_cluster()
    intake, assignment = cluster.replica("intake"), cluster.replica("assignment")
    pair = authority.issue("server", *LOCAL)
    with_tls = {service: f"127.0.0.1:{free_port()}" for service in (intake, assignment)}
    for service, address in with_tls.items():
        service.argv += ["--tls-cert", pair.cert, "--tls-key", pair.key, "--tls-listen", address]
    intake.argv += ["--assignment", with_tls[assignment], "--tls-ca", authority.cert]
    cluster.restart(assignment)
    cluster.restart(intake)
    offered(cluster)
    assert intake.metrics()["amends_route_failed_total"] == 0
    assert ctl(cluster).returncode == 0
    assert ctl(cluster, "--tls-ca", authority.cert, address=with_tls[intake]).returncode == 0
    intake.argv += ["--listen", ""]
    cluster.restart(intake)
    assert ctl(cluster).returncode == AWAY
    assert ctl(cluster, "--tls-ca", authority.cert, address=with_tls[intake]).returncode == 0


# -- both sides do not agree ------------------------------------------------------------------------------------------


def test_plaintext_to_a_port_of_tls(make_cluster, authority):
    cluster = make_cluster(replicas={"intake": 1}, tls=Tls(authority))
    assert "the server speaks TLS there, and we speak plaintext: give --tls-ca" in told(ctl(cluster))
    logged(cluster.replica("intake"), "handshake_failed", "the other side speaks plaintext here")


def test_tls_to_a_port_in_plaintext(make_cluster, authority):
    cluster = make_cluster(replicas={"intake": 1})
    assert "the server speaks plaintext there, and not TLS" in told(ctl(cluster, "--tls-ca", authority.cert))


def test_another_authority(make_cluster, authority, state_folder):
    cluster = make_cluster(replicas={"intake": 1}, tls=Tls(authority))
    other = Authority(state_folder / "other", "other")
    assert "comes from a CA that is not in --tls-ca" in told(ctl(cluster, "--tls-ca", other.cert))
    openssl(cluster.replica("intake").address, other.cert)
    logged(cluster.replica("intake"), "handshake_failed", "does not know the CA of our certificate")
    # The same name, another key.
    other = Authority(state_folder / "same")
    assert "comes from a CA that is not in --tls-ca" in told(ctl(cluster, "--tls-ca", other.cert))


def test_the_servers_certificate_has_expired(make_cluster, authority):
    server = authority.issue("old", *LOCAL, since=-2 * SKEW_S, seconds=-SKEW_S)
    cluster = make_cluster(replicas={"intake": 1}, tls=Tls(authority, server))
    assert "has expired" in told(ctl(cluster, "--tls-ca", authority.cert))
    logged(cluster.replica("intake"), "certificate_expired", str(server.cert))
    openssl(cluster.replica("intake").address, authority.cert)
    logged(cluster.replica("intake"), "handshake_failed", "says that our certificate has expired")


def test_the_servers_certificate_is_for_another_name(make_cluster, authority):
    server = authority.issue("elsewhere", "DNS:amends.example", "IP:192.0.2.1")
    cluster = make_cluster(replicas={"intake": 1}, tls=Tls(authority, server))
    assert ("the server's certificate is for amends.example, 192.0.2.1, and not for 127.0.0.1"
            in told(ctl(cluster, "--tls-ca", authority.cert)))
    done = ctl(cluster, "--tls-ca", authority.cert, "--tls-server-name", "amends.example")
    assert done.returncode == 0, done.stderr


def test_the_client_has_no_certificate_or_a_wrong_one(make_cluster, authority, state_folder):
    cluster = make_cluster(replicas={"intake": 1}, tls=Tls(authority, client=False))
    assert "requires a certificate of ours: give --tls-cert and --tls-key" in told(ctl(cluster, "--tls-ca", authority.cert))
    logged(cluster.replica("intake"), "handshake_failed", "the client has no certificate, which is required")
    stranger = Authority(state_folder / "other", "other").issue("crm", "DNS:crm.example")
    line = told(ctl(cluster, "--tls-ca", authority.cert, "--tls-cert", stranger.cert, "--tls-key", stranger.key))
    assert "does not accept it" in line
    logged(cluster.replica("intake"), "handshake_failed", "comes from a CA that we do not know")
    old = authority.issue("old", "DNS:crm.example", since=-2 * SKEW_S, seconds=-SKEW_S)
    line = told(ctl(cluster, "--tls-ca", authority.cert, "--tls-cert", old.cert, "--tls-key", old.key))
    assert "our certificate (--tls-cert) has expired" in line


@pytest.mark.parametrize("intake_speaks, assignment_speaks, words",
                         [(False, True, "the server speaks TLS there, and we speak plaintext"),
                          (True, False, "the server speaks plaintext there, and not TLS")])
def test_route_tells_which_side_is_wrong(make_cluster, authority, intake_speaks, assignment_speaks, words):
    cluster = make_cluster()
    pair = authority.issue("server", *LOCAL)
    intake, assignment = cluster.replica("intake"), cluster.replica("assignment")
    if assignment_speaks:
        assignment.argv += ["--tls-cert", pair.cert, "--tls-key", pair.key]
        cluster.restart(assignment)
    if intake_speaks:
        intake.argv += ["--tls-ca", authority.cert]
        cluster.restart(intake)
    for _ in range(3):
        cluster.intake().OpenCase(**sample.claim())
    logged(intake, "route_unavailable", words)
    cluster.settle()
    assert len(logged(intake, "route_unavailable")) == 1


# -- starting ---------------------------------------------------------------------------------------------------------


def refused(*options):
    done = subprocess.run([paths.program("amends-intake"), "--admin", "", "--listen", "127.0.0.1:0", *options],
                          capture_output=True, text=True, check=False, timeout=20)
    assert done.returncode in (1, 2), done
    return done.stderr


def test_options_that_contradict_each_other(authority):
    pair = authority.issue("server", *LOCAL)
    certified = ("--tls-cert", pair.cert, "--tls-key", pair.key)
    assert "--tls-cert and --tls-key go together" in refused("--tls-cert", pair.cert)
    assert "--tls-listen: give --tls-cert" in refused("--tls-listen", "127.0.0.1:0")
    assert "--tls-client-ca: give --tls-cert" in refused("--tls-client-ca", authority.cert)
    assert "--tls-client-cert: give --tls-client-ca" in refused(*certified, "--tls-client-cert", "required")
    assert "is not one of required, asked, none" in refused(*certified, "--tls-client-cert", "maybe")
    assert "is not that of the certificate" in refused("--tls-cert", pair.cert, "--tls-key", authority.key)
    assert "cannot be opened" in refused("--tls-ca", "/nowhere")


def test_plaintext_beyond_this_machine_needs_its_flag():
    assert "--insecure-plaintext" in refused("--listen", "0.0.0.0:0", "--insecure-principals")
    assert "--insecure-plaintext" in refused("--assignment", "amends-assignment:7402")
    assert "--insecure-admin" in refused("--admin", "0.0.0.0:0")
    assert "--insecure-admin" in refused("--admin", ":0")


@pytest.mark.parametrize("flags, words", [
    (["--tls-cert", "a"], "--tls-cert is for TLS: give --tls or --tls-ca too"),
    (["--tls-ca", "/nowhere"], "TLS: /nowhere cannot be opened"),
    (["--tls=maybe"], "--tls: \"maybe\" is neither true nor false"),
])
def test_amendsctl_names_what_cannot_be_used(flags, words):
    done = subprocess.run([paths.program("amendsctl"), *flags, "case", "list"], capture_output=True, text=True,
                          check=False, timeout=20)
    assert done.returncode == 1 and words in done.stderr


# -- new files --------------------------------------------------------------------------------------------------------


def certificate_of(address, authority):
    """What the server shows to a new connection, in PEM form."""
    return re.search("-----BEGIN.*?END CERTIFICATE-----", openssl(address, authority.cert), re.DOTALL)[0].strip()


def test_files_that_do_not_fit_change_nothing(make_cluster, authority):
    tls = Tls(authority)
    cluster = make_cluster(replicas={"intake": 1}, tls=tls)
    intake = cluster.replica("intake")
    good = tls.server.cert.read_text()
    tls.server.cert.write_text(authority.issue("other", *LOCAL).cert.read_text())
    logged(intake, "reload_refused", "is not that of the certificate")
    with socket.create_connection(intake.address.split(":")):
        assert ctl(cluster, *tls.flags()).returncode == 0
    assert certificate_of(intake.address, authority) == good.strip()
    tls.server.cert.write_text(good)
    logged(intake, "reloaded")


def test_a_connection_outlives_its_certificate(make_cluster, authority):
    """And a call on a new one fails until the certificate is renewed."""
    tls = Tls(authority, authority.issue("short", *LOCAL, seconds=6))
    cluster = make_cluster(replicas={"intake": 1}, tls=tls)
    intake = cluster.replica("intake")
    cluster.intake().OpenCase(**sample.claim())
    wait_until(lambda: ctl(cluster, *tls.flags()).returncode == AWAY, "the certificate to expire", 30, 0.5)
    cluster.intake().OpenCase(**sample.claim())
    with pytest.raises(Error) as caught, api.channel(intake.address, tls.credentials()) as channel:
        api.Client(channel, "IntakeService", tenant="demo", principal="crm").OpenCase(**sample.claim())
    assert caught.value.code == grpc.StatusCode.UNAVAILABLE
    renewed = authority.issue("renewed", *LOCAL)
    tls.server.key.write_text(renewed.key.read_text())
    tls.server.cert.write_text(renewed.cert.read_text())
    wait_until(lambda: ctl(cluster, *tls.flags()).returncode == 0, "the renewed certificate", 20, 0.5)
