# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL by TLS: what libpq's settings do for the services, and certificates that are renewed."""

import shutil

import pytest

from harness import paths
from harness.certificates import LOCAL, Authority
from harness.process import wait_until

from .support import sample


@pytest.fixture
def authority(state_folder):
    return Authority(state_folder / "ca")


def serve_tls(postgres, authority, *names, wants_certificates=False):
    """Has the server speak TLS, and nothing else on its port."""
    pair = authority.issue("postgres-server", *names)
    for source, name in ((pair.cert, "server.crt"), (pair.key, "server.key"), (authority.cert, "ca.crt")):
        copy = postgres.data / name
        shutil.copyfile(source, copy)
        copy.chmod(0o600)
        if paths.server_user():
            shutil.chown(copy, paths.server_user())
    method = "cert" if wants_certificates else "trust"
    (postgres.data / "pg_hba.conf").write_text(f"local all all trust\nhostssl all all 127.0.0.1/32 {method}\n")
    postgres.execute("alter system set ssl_ca_file = 'ca.crt'")
    postgres.execute("alter system set ssl = on")
    postgres.execute("select pg_reload_conf()")


def by_tls(cluster, service, ca, more=""):
    """Restarts the service with a connection by TCP that checks the server."""
    service.argv[service.argv.index("--pg") + 1] = (
        f"host=localhost hostaddr=127.0.0.1 port={cluster.postgres.port} user=postgres dbname={cluster.name} "
        f"sslmode=verify-full sslrootcert={ca} {more}")
    service.stop()
    service.start()


def encrypted(cluster):
    return cluster.sql("select count(*) from pg_stat_ssl join pg_stat_activity using (pid) "
                       "where ssl and application_name = 'amends-intake'")[0][0]


def test_verify_full(make_cluster, authority):
    cluster = make_cluster(own_postgres=True)
    serve_tls(cluster.postgres, authority, *LOCAL)
    intake = cluster.replica("intake")
    by_tls(cluster, intake, authority.cert)
    intake.wait_ready()
    assert cluster.intake().OpenCase(**sample.claim()).case.case_id
    assert encrypted(cluster) >= 2


@pytest.mark.parametrize("names, words", [(LOCAL, "certificate verify failed"),
                                          (("DNS:db.example",), "does not match host name")],
                         ids=["another-authority", "another-name"])
def test_a_server_that_is_not_the_right_one(make_cluster, authority, state_folder, names, words):
    cluster = make_cluster(own_postgres=True)
    trusted = Authority(state_folder / "other", "other") if names is LOCAL else authority
    serve_tls(cluster.postgres, authority, *names)
    intake = cluster.replica("intake")
    by_tls(cluster, intake, trusted.cert)
    wait_until(lambda: words in intake.log.read_text(), "the reason in the log")
    assert not intake.ready()


def serials(cluster):
    """Of the certificates that intake has shown."""
    return {row[0] for row in cluster.sql("select client_serial from pg_stat_ssl join pg_stat_activity using (pid) "
                                          "where application_name = 'amends-intake'")}


def test_a_renewed_certificate_is_used_for_the_next_connection(make_cluster, authority):
    cluster = make_cluster(own_postgres=True)
    serve_tls(cluster.postgres, authority, *LOCAL, wants_certificates=True)
    intake = cluster.replica("intake")
    pair = authority.issue("postgres", "DNS:intake.example")  # its common name is the role
    pair.key.chmod(0o600)
    by_tls(cluster, intake, authority.cert, f"sslcert={pair.cert} sslkey={pair.key}")
    intake.wait_ready()
    (first,) = serials(cluster)
    authority.issue("postgres", "DNS:intake.example").key.chmod(0o600)
    assert serials(cluster) == {first}
    cluster.sql("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'amends-intake'")
    wait_until(lambda: encrypted(cluster) >= 2 and intake.ready(), "new connections", 30)
    (second,) = serials(cluster)
    assert second != first
