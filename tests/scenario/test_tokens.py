# SPDX-License-Identifier: Apache-2.0
"""Tokens of an identity provider, as callers send them. tests/unit/auth has every attack on their form."""

import subprocess
import time

import pytest

from harness import api, paths
from harness.errors import refused
from harness.process import wait_until

from .support import sample
from .support.tokens import Provider

PATIENCE_S = 30


@pytest.fixture
def provider(session_folder, tmp_path):
    # Beside the services' own files, where the user whom they run as can read it.
    folder = session_folder / f"provider-{tmp_path.name}"
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    return Provider(folder)


@pytest.fixture
def cluster(make_cluster, provider):
    return make_cluster(auth="required", options=provider.options())


def caller(cluster, kind, token):
    """The service as the bearer of a token sees it: no header says who calls."""
    service = cluster.replica(kind)
    return api.Client(service.channel, f"{kind.capitalize()}Service", tenant=None, principal=None,
                      metadata=[api.bearer(token)])


def test_a_token_says_who_calls(cluster, provider):
    crm = caller(cluster, "intake", provider.token("crm", "CLIENT"))
    case = crm.OpenCase(**sample.claim()).case
    ann = caller(cluster, "intake", provider.token("ann", "AGENT"))
    assert ann.GetCase(case_id=case.case_id).case.case_id == case.case_id
    assert [event.actor for event in ann.GetCaseHistory(case_id=case.case_id).events][0] == "crm"


def test_roles_and_tenants_of_tokens_count(cluster, provider):
    crm = caller(cluster, "intake", provider.token("crm", "CLIENT"))
    case = crm.OpenCase(**sample.claim()).case
    with refused("PERMISSION_DENIED", "ROLE_MISSING"):
        caller(cluster, "intake", provider.token("olga", "OPERATOR")).GetCase(case_id=case.case_id)
    with refused("PERMISSION_DENIED", "ROLE_MISSING"):
        caller(cluster, "intake", provider.token("nina")).GetCase(case_id=case.case_id)
    with refused("UNAUTHENTICATED", "TENANT_UNKNOWN"):
        caller(cluster, "intake", provider.token("ann", "AGENT", tenant="other")).GetCase(case_id=case.case_id)
    assert '"event":"token_without_roles"' in cluster.replica("intake").log.read_text()


def test_bad_tokens_are_refused_and_the_log_says_why(cluster, provider):
    for claims, why in (({"aud": "other"}, "does not name --jwt-audience"), ({"sub": "auth0|7"}, "preferred_username"),
                        ({"lives_s": -61}, "has expired"), ({"iss": "https://evil.example.com"}, "is not --jwt-issuer")):
        with refused("UNAUTHENTICATED", "CREDENTIAL_REFUSED") as caught:
            caller(cluster, "intake", provider.token("ann", "AGENT", **claims)).ListCases()
        assert why not in caught.error.message
        assert why in cluster.replica("intake").log.read_text()


def test_a_header_must_agree_with_the_token(cluster, provider):
    token = provider.token("ann", "AGENT")
    for tenant, principal in (("other", "ann"), ("demo", "bob")):
        with refused("UNAUTHENTICATED"):
            cluster.intake(tenant=tenant, principal=principal, metadata=[api.bearer(token)]).ListCases()
    cluster.intake(principal="ann", metadata=[api.bearer(token)]).ListCases()


def test_a_new_key_of_the_provider_is_found(cluster, provider):
    old = provider.token("ann", "AGENT")
    fresh = provider.add_key()
    provider.publish()
    token = provider.token("ann", "AGENT", key=fresh)
    wait_until(lambda: is_taken(cluster, token), PATIENCE_S)
    assert is_taken(cluster, old)


def is_taken(cluster, token):
    try:
        caller(cluster, "intake", token).ListCases()
        return True
    except Exception as error:  # pylint: disable=broad-except
        assert "CREDENTIAL" in str(error)
        return False


def watch(cluster, provider, token):
    """A stream of offers of ann, of whom a client application has told."""
    crm = caller(cluster, "assignment", provider.token("crm", "CLIENT"))
    crm.PutAgent(agent=sample.agent("ann"))
    stream = caller(cluster, "assignment", token).WatchOffers()
    next(stream)
    return stream


def seconds_until_end(stream):
    started = time.monotonic()
    with refused("UNAUTHENTICATED", "CREDENTIAL_ENDED"):
        for _ in stream:
            pass
    return time.monotonic() - started


def test_a_stream_ends_with_its_token(cluster, provider):
    stream = watch(cluster, provider, provider.token("ann", "AGENT", lives_s=3))
    assert seconds_until_end(stream) < 3 + 5


def test_a_stream_ends_when_its_key_leaves_the_set(cluster, provider):
    first = list(provider.keys)[0]
    stream = watch(cluster, provider, provider.token("ann", "AGENT", key=first))
    fresh = provider.add_key()
    provider.publish(fresh)
    assert seconds_until_end(stream) < 5
    with refused("UNAUTHENTICATED", "CREDENTIAL_REFUSED"):
        caller(cluster, "intake", provider.token("ann", "AGENT", key=first)).ListCases()


def test_half_a_configuration_does_not_start(provider):
    for missing, said in (("issuer", "--jwt-issuer: is missing"), ("audience", "--jwt-audience: is missing"),
                          ("jwks", "--jwt-jwks: is missing"), ("tenant_claim", "--jwt-tenant-claim: is missing")):
        done = subprocess.run([paths.program("amends-intake"), *provider.options(**{missing: ""})], check=False,
                              capture_output=True, text=True, timeout=60)
        assert done.returncode == 2 and said in done.stderr


# --- amendsctl ---

@pytest.fixture
def ctl(cluster, tmp_path):
    """ctl(TOKEN, "case", "list") -> the finished process, with the token in a file."""
    servers = [f"--{kind}={cluster.replica(kind).address}" for kind in ("intake", "assignment", "resolution")]
    file = tmp_path / "token"

    def run(token, *words):
        file.write_text(token)
        return subprocess.run([paths.program("amendsctl"), *servers, "--token-file", file, *words], check=False,
                              capture_output=True, text=True, timeout=60)
    return run


def test_amendsctl_sends_the_token_of_a_file(ctl, provider):
    token = provider.token("ann", "AGENT")
    assert ctl(f"{token}\n", "case", "list").stdout == "no cases\n"
    assert ctl(token, "--tenant", "demo", "--as", "ann", "case", "list").returncode == 0
    for words in (["--tenant", "other"], ["--as", "bob"]):
        done = ctl(token, *words, "case", "list")
        assert done.returncode == 5, done.stderr


def test_amendsctl_says_what_is_wrong_with_a_token(ctl, provider, tmp_path):
    done = ctl(provider.token("ann", "AGENT", lives_s=-100), "case", "list")
    assert done.returncode == 5
    assert "CREDENTIAL_REFUSED" in done.stderr and "ended at 20" in done.stderr and "get a new one" in done.stderr
    for text, why in (("", "holds no JSON Web Token"), ("secret words\n", "holds no JSON Web Token"),
                      ("e.\0", "holds no JSON Web Token"), ("e." + "x" * 4096, "longer than 4,096"),
                      ("x" * 9000, "longer than 8192")):
        done = ctl(text, "case", "list")
        assert (done.returncode, done.stdout) == (1, "")
        assert f"--token-file {tmp_path}/token: " in done.stderr and why in done.stderr
        assert "secret" not in done.stderr
    done = ctl("", "--token-file", "/nowhere", "case", "list")
    assert "cannot be read: No such file" in done.stderr


def test_amendsctl_watches_on_with_the_next_token(cluster, provider, tmp_path):
    watch(cluster, provider, provider.token("ann", "AGENT")).cancel()
    file = tmp_path / "token"
    file.write_text(provider.token("ann", "AGENT", lives_s=3))
    with subprocess.Popen([paths.program("amendsctl"), "--assignment", cluster.replica("assignment").address,
                           "--token-file", file, "offer", "watch"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True) as watching:
        time.sleep(1)
        file.write_text(provider.token("ann", "AGENT", lives_s=8))
        time.sleep(5)
        assert watching.poll() is None
        assert watching.wait(timeout=60) == 5
        assert "CREDENTIAL_ENDED" in watching.stderr.read()
