# SPDX-License-Identifier: Apache-2.0
"""API keys: made, used, rotated, revoked, lost and found again."""

import base64
import hmac
import json
import os
import re
import secrets
import subprocess
import threading
import time

import pytest

from harness import api, paths
from harness.api import v1
from harness.errors import Error, refused
from harness.process import wait_until

from .support import sample
from .support.ctl import on_terminal
from .support.keys import amends, calls, key_id, new_key

PATTERN = re.compile(r"amends_[0-9a-hjkmnp-tv-z]{12}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}")
DAY = 86400
ENDED = ("UNAUTHENTICATED", "CREDENTIAL_REFUSED")


@pytest.fixture
def cluster(make_cluster):
    return make_cluster(auth="required")


@pytest.fixture
def admin(cluster):
    """AccessService as the tenant's administrator sees it."""
    return calls(cluster, new_key(cluster), "access")


def create(admin, principal="crm", roles=(v1.ROLE_CLIENT,), **fields):
    return admin.CreateApiKey(principal=principal, roles=roles, **fields)


def works(cluster, key, replica=0):
    """Whether the key opens a call of its role."""
    try:
        calls(cluster, key, "intake", replica).ListCases()
        return True
    except Error as error:
        assert (error.code.name, error.reason) == ENDED, error
        return False


def in_future(cluster, seconds):
    """A timestamp, by the cluster's clock."""
    return {"seconds": int(time.time()) + cluster.clock.offset_us // 1_000_000 + seconds}


# --- made and used ---


def test_a_key_opens_what_its_roles_allow(cluster, admin):
    made = create(admin, description="till 7")
    assert PATTERN.fullmatch(made.key) and not made.key_was_shown
    assert made.api_key.key_id == key_id(made.key)
    assert (made.api_key.principal, made.api_key.creator, made.api_key.description) == ("crm", "admin", "till 7")
    assert list(made.api_key.roles) == [v1.ROLE_CLIENT] and made.api_key.state == v1.API_KEY_STATE_ACTIVE
    case = calls(cluster, made.key, "intake").OpenCase(**sample.claim()).case
    events = calls(cluster, made.key, "intake").GetCaseHistory(case_id=case.case_id).events
    assert events[0].actor == "crm"
    with refused("PERMISSION_DENIED", "ROLE_MISSING"):
        create(calls(cluster, made.key, "access"))


def test_bad_keys_are_refused_all_alike(cluster, admin):
    """Whoever tries keys does not hear which part was wrong; the log says it."""
    made = create(admin)
    other = create(admin)
    change = "x" if made.key[-1] != "x" else "y"
    wrong_secret = api_key_with(made.key, other.key)
    unknown = wrong_secret.replace(key_id(made.key), "zzzzzzzzzzzz")
    answers = set()
    for key in (wrong_secret, with_checksum(unknown), made.key[:-1] + change, "amends_", made.key + "0"):
        with refused(*ENDED) as caught:
            calls(cluster, key, "intake").ListCases()
        answers.add((caught.error.message, tuple(caught.error.metadata.items())))
    assert len(answers) == 1
    assert works(cluster, made.key)


def api_key_with(key, other):
    """The first key with the second one's secret."""
    parts = key.split("_")
    return with_checksum("_".join([*parts[:2], other.split("_")[2], ""]))


def with_checksum(key):
    """As a client in another language works it out."""
    import hashlib

    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    start = key.rpartition("_")[0]
    number = int.from_bytes(hashlib.sha256(start.encode()).digest()[:4], "big")
    check = ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        check = digits[digit] + check
    return f"{start}_{check}"


def test_the_checksum_is_as_the_contract_says(admin):
    key = create(admin).key
    assert with_checksum(key) == key


def test_keys_are_listed_newest_first_without_their_texts(cluster, admin):
    made = [create(admin, f"app{i}").api_key.key_id for i in range(3)]
    admin.RevokeApiKey(key_id=made[1])
    page = admin.ListApiKeys(page_size=1)
    assert [one.key_id for one in page.api_keys] == made[2:] and page.next_page_token
    rest = admin.ListApiKeys(page_size=9, page_token=page.next_page_token)
    assert [one.principal for one in rest.api_keys] == ["app0", "admin"] and not rest.next_page_token
    ended = admin.ListApiKeys(principal="app1", show_ended=True).api_keys
    assert [one.state for one in ended] == [v1.API_KEY_STATE_REVOKED]
    with refused("INVALID_ARGUMENT") as caught:
        admin.ListApiKeys(principal="app1", page_token=page.next_page_token)
    assert caught.error.fields == ["page_token"]


def test_the_hour_of_the_last_use_is_shown(cluster, admin):
    made = create(admin)
    shown = lambda: admin.GetApiKey(key_id=made.api_key.key_id).api_key  # noqa: E731
    assert not shown().HasField("last_use_time")
    assert works(cluster, made.key)
    wait_until(lambda: shown().HasField("last_use_time"), "the use to be stored")
    first = shown().last_use_time.seconds
    assert first % 3600 == 0
    cluster.advance(3600)
    assert works(cluster, made.key)
    wait_until(lambda: shown().last_use_time.seconds == first + 3600, "the next hour to be stored")


# --- the end of a key ---


def test_a_key_ends_at_its_time(cluster, admin):
    made = create(admin, end_time=in_future(cluster, 3600))
    assert works(cluster, made.key)
    cluster.advance(3601)
    assert not works(cluster, made.key)
    assert admin.GetApiKey(key_id=made.api_key.key_id).api_key.state == v1.API_KEY_STATE_ENDED


def test_both_keys_work_for_a_day_after_rotation(cluster, admin):
    old = create(admin, description="till 7")
    new = admin.RotateApiKey(key_id=old.api_key.key_id)
    assert (new.api_key.principal, new.api_key.description) == ("crm", "till 7")
    assert new.old_api_key.replaced_by == new.api_key.key_id
    assert new.old_api_key.state == v1.API_KEY_STATE_ROTATED
    assert works(cluster, old.key) and works(cluster, new.key)
    with refused("FAILED_PRECONDITION", "API_KEY_STATE") as caught:
        admin.RotateApiKey(key_id=old.api_key.key_id)
    assert caught.error.metadata == {"state": "ROTATED", "replaced_by": new.api_key.key_id}
    cluster.advance(DAY - 60)
    assert works(cluster, old.key)
    cluster.advance(120)
    assert not works(cluster, old.key) and works(cluster, new.key)


def test_a_revoked_key_is_refused_everywhere_within_five_seconds(make_cluster):
    cluster = make_cluster(auth="required", replicas=2)
    admin = calls(cluster, new_key(cluster), "access")
    made = create(admin, "ann", [v1.ROLE_AGENT])
    calls(cluster, new_key(cluster, "client", principal="crm"), "assignment").PutAgent(
        agent={"agent_id": "ann", "level": 1, "capacity": 5, "languages": ["en"]})
    assert works(cluster, made.key, 0) and works(cluster, made.key, 1)
    stream = iter(calls(cluster, made.key, "assignment", 1).WatchOffers(timeout_s=30))
    next(stream)
    answer = admin.RevokeApiKey(key_id=made.api_key.key_id)
    revoked = time.monotonic()
    assert answer.api_key.revoker == "admin" and not answer.warnings
    for replica in (0, 1):
        wait_until(lambda r=replica: not works(cluster, made.key, r), f"replica {replica} to refuse it", 5)
    with refused("UNAUTHENTICATED", "CREDENTIAL_ENDED"):
        for _ in stream:
            pass
    took = time.monotonic() - revoked
    print(f"revoked in both replicas, and the stream ended, after {took:.1f} s")
    assert took < 5
    again = admin.RevokeApiKey(key_id=made.api_key.key_id).api_key
    assert again.revoke_time == answer.api_key.revoke_time


def test_the_last_key_of_an_administrator_is_revoked_with_a_warning(cluster):
    key = new_key(cluster)
    (warning,) = calls(cluster, key, "access").RevokeApiKey(key_id=key_id(key)).warnings
    assert "amends key create" in warning
    wait_until(lambda: not works_as_admin(cluster, key), "the key to be refused", 5)
    assert works_as_admin(cluster, new_key(cluster))


def works_as_admin(cluster, key):
    try:
        calls(cluster, key, "access").ListApiKeys()
        return True
    except Error as error:
        assert (error.code.name, error.reason) == ENDED, error
        return False


# --- repeats ---


def test_a_repeat_gives_the_key_without_its_text(admin):
    request = {"request_id": api.new_id(), "principal": "crm", "roles": [v1.ROLE_CLIENT]}
    made = admin.CreateApiKey(**request)
    again, call = admin.CreateApiKey.with_call(**request)
    assert again.api_key == made.api_key and again.key == "" and again.key_was_shown
    assert ("replayed", "true") in [(key, value) for key, value in call.initial_metadata()]
    with refused("ALREADY_EXISTS", "REQUEST_ID_REUSED"):
        admin.CreateApiKey(**{**request, "principal": "erp"})
    assert len(admin.ListApiKeys(principal="crm").api_keys) == 1


def test_a_repeated_rotation_gives_the_same_key(admin):
    old = create(admin).api_key.key_id
    request = {"request_id": api.new_id(), "key_id": old}
    made = admin.RotateApiKey(**request)
    again = admin.RotateApiKey(**request)
    assert again.api_key == made.api_key and again.old_api_key == made.old_api_key
    assert made.key and again.key == "" and again.key_was_shown
    with refused("ALREADY_EXISTS", "REQUEST_ID_REUSED"):
        admin.RotateApiKey(request_id=request["request_id"], key_id=made.api_key.key_id)


def test_a_repeat_is_answered_after_the_end_of_the_key(cluster, admin):
    request = {"request_id": api.new_id(), "principal": "crm", "roles": [v1.ROLE_CLIENT],
               "end_time": in_future(cluster, 60)}
    made = admin.CreateApiKey(**request)
    cluster.advance(120)
    assert admin.CreateApiKey(**request).api_key.key_id == made.api_key.key_id
    with refused("INVALID_ARGUMENT") as caught:
        admin.CreateApiKey(**{**request, "request_id": api.new_id()})
    assert caught.error.fields == ["end_time"]


# --- what is refused ---


def test_no_key_goes_out_in_plaintext(tmp_path):
    """Unless somebody says so. 192.0.2.1 is nobody's address."""
    file = tmp_path / "crm.key"
    amends("key", "generate", "--out", file)

    def listed(*words):
        return subprocess.run([paths.program("amendsctl"), "--server", "192.0.2.1:7401", "--timeout-ms", "200", *words,
                               "--api-key-file", file, "case", "list"], capture_output=True, text=True, check=False,
                              timeout=60, env={**os.environ, "AMENDS_CONFIG": "/nonexistent"})

    done = listed()
    assert done.returncode == 1 and "could read it" in done.stderr and "192.0.2.1:7401" in done.stderr
    assert listed("--tls=false").returncode == 7


def test_a_page_token_that_somebody_wrote_is_refused(world):
    """Where callers are believed, tokens have a code that anybody can make."""
    for _ in range(2):
        create(world.crm)
    token = base64.urlsafe_b64decode(world.crm.ListApiKeys(page_size=1).next_page_token)
    tenant = world.cluster.sql("select tenant_id from tenant where name = %s", (world.tenant,))[0][0]
    forged = token[16:32] + b"\xff" * (len(token) - 32)
    code = hmac.digest(tenant.to_bytes(8, "little"), forged, "sha256")[:16]
    with refused("INVALID_ARGUMENT") as caught:
        world.crm.ListApiKeys(page_size=1, page_token=base64.urlsafe_b64encode(code + forged).decode())
    assert caught.error.fields == ["page_token"]


def test_all_that_is_wrong_is_said_at_once(admin):
    with refused("INVALID_ARGUMENT") as caught:
        admin.CreateApiKey(request_id="x", principal="a b", roles=[], description="d" * 201)
    assert sorted(caught.error.fields) == ["description", "principal", "request_id", "roles"]
    for roles in ([v1.ROLE_INTERNAL, v1.ROLE_CLIENT], [v1.ROLE_UNSPECIFIED]):
        with refused("INVALID_ARGUMENT") as caught:
            create(admin, roles=roles)
        assert caught.error.fields == ["roles"]
    for reserved in ("amends", "customer:email"):
        with refused("INVALID_ARGUMENT") as caught:
            create(admin, principal=reserved)
        assert caught.error.fields == ["principal"]
    for call in (admin.GetApiKey, admin.RevokeApiKey, admin.RotateApiKey):
        with refused("INVALID_ARGUMENT") as caught:
            call(key_id="nothing")
        assert caught.error.fields == ["key_id"]
        with refused("NOT_FOUND", "API_KEY_NOT_FOUND"):
            call(key_id="0" * 12)


def test_another_tenants_key_is_another_tenants(cluster, admin):
    key = new_key(cluster, tenant="acme")
    stranger = calls(cluster, key, "access")
    mine = create(admin)
    for call in (stranger.GetApiKey, stranger.RevokeApiKey, stranger.RotateApiKey):
        with refused("NOT_FOUND", "API_KEY_NOT_FOUND"):
            call(key_id=mine.api_key.key_id)
    assert [one.key_id for one in stranger.ListApiKeys().api_keys] == [key_id(key)]
    with refused("UNAUTHENTICATED", "PRINCIPAL_INVALID"):
        calls(cluster, key, "access", metadata=[("amends-tenant", "demo")]).ListApiKeys()


def test_a_tenant_has_at_most_a_thousand_keys_that_work(cluster, admin):
    cluster.sql("insert into api_key (tenant_id, key_id, hash, principal, roles, description, created_at, created_by,"
                " request_hash) select tenant_id, 'filled' || lpad(n::text, 6, '0'), '\\x00', 'p', 1, '', now(), '',"
                " '' from tenant, generate_series(1, 999) n where name = 'demo'")
    with refused("FAILED_PRECONDITION", "API_KEYS_FULL") as caught:
        create(admin)
    assert caught.error.metadata == {"working": "1000", "all": "1000"}


# --- the database is away ---


def test_known_keys_hold_for_a_minute_without_the_database(make_cluster):
    cluster = make_cluster(auth="required", own_postgres=True)
    key, unused = new_key(cluster, "client", principal="crm"), new_key(cluster, "client", principal="crm")
    assert works(cluster, key)
    cluster.postgres.kill()
    with refused("UNAVAILABLE") as caught:
        calls(cluster, key, "intake").ListCases()
    assert caught.error.reason != "CREDENTIAL_UNCHECKED"
    with refused("UNAVAILABLE", "CREDENTIAL_UNCHECKED"):
        calls(cluster, unused, "intake").ListCases()
    with refused(*ENDED):
        calls(cluster, api_key_with(key, unused), "intake").ListCases()
    cluster.clock.advance(61)
    wait_until(lambda: reason_of(cluster, key) == "CREDENTIAL_UNCHECKED", "the minute to be over")
    cluster.postgres.start()
    wait_until(lambda: reason_of(cluster, key) is None, "the key to work again")
    assert works(cluster, unused)


def reason_of(cluster, key):
    try:
        calls(cluster, key, "intake").ListCases()
        return None
    except Error as error:
        assert error.code.name == "UNAVAILABLE", error
        return error.reason


def test_a_frozen_database_keeps_no_call_waiting_for_its_key(make_cluster):
    cluster = make_cluster(auth="required", own_postgres=True)
    unused = new_key(cluster, "client", principal="crm")
    cluster.postgres.pause()
    began = time.monotonic()
    with refused("UNAVAILABLE", "CREDENTIAL_UNCHECKED"):
        calls(cluster, unused, "intake").ListCases()
    assert time.monotonic() - began < 5
    cluster.postgres.resume()
    wait_until(lambda: reason_of(cluster, unused) is None, "the key to work")


# --- beside the services ---


@pytest.mark.parametrize("as_hash_line", [False, True])
def test_the_first_key_comes_from_a_file(make_cluster, tmp_path, as_hash_line):
    cluster = make_cluster(auth="required")
    file, given = tmp_path / "first.key", tmp_path / "given"
    hash_line = amends("key", "generate", "--out", file).stdout.splitlines()[-1]
    key = file.read_text().strip()
    assert PATTERN.fullmatch(key) and file.stat().st_mode & 0o777 == 0o600
    given.write_text(hash_line if as_hash_line else key)
    migrate = ("migrate", "--pg", cluster.postgres.conninfo(cluster.name), "--tenant", "demo",
               "--first-key-file", given)
    assert f"made the first API key {key_id(key)}" in amends(*migrate).stdout
    assert f"the API key {key_id(key)} of tenant demo is there" in amends(*migrate).stdout
    admin = calls(cluster, key, "access")
    made = create(admin)
    calls(cluster, key, "intake").OpenCase(**sample.claim())
    # Once it was revoked, no upgrade brings it back.
    admin.RevokeApiKey(key_id=key_id(key))
    amends(*migrate)
    wait_until(lambda: not works_as_admin(cluster, key), "the key to be refused", 5)
    amends("key", "generate", "--out", tmp_path / "second.key")
    given.write_text((tmp_path / "second.key").read_text())
    assert "was not stored" in amends(*migrate).stdout
    assert works(cluster, made.key)


def test_mistakes_with_key_files_are_told(cluster, tmp_path):
    pg = ("--pg", cluster.postgres.conninfo(cluster.name))
    file = tmp_path / "k"
    file.write_text("hunter2\n")
    for words, part in (
            (("migrate", *pg, "--tenant", "demo", "--first-key-file", file), "holds no API key"),
            (("migrate", *pg, "--first-key-file", file), "--tenant"),
            (("key", "generate"), "--out FILE"),
            (("key", "generate", "--out", file), "is there already"),
            (("key", "create", *pg, "--tenant", "demo", "--roles", "internal", "--out", tmp_path / "n"), "is not of"),
            (("key", "create", *pg, "--tenant", "demo", "--principal", "amends", "--out", tmp_path / "n"), "reserved"),
            (("key", "create", *pg, "--tenant", "nobody", "--out", tmp_path / "n"), "there is no tenant nobody"),
            (("key", "make"), "not one of generate, create")):
        done = amends(*words, check=False)
        assert done.returncode in (1, 2) and part in done.stderr, (words, done)
        assert "hunter2" not in done.stdout + done.stderr
    assert not (tmp_path / "n").exists()


def test_no_secret_is_stored_or_logged(cluster, admin):
    made = create(admin)
    new = admin.RotateApiKey(key_id=made.api_key.key_id)
    assert works(cluster, made.key) and works(cluster, new.key)
    kept = str(cluster.sql("select api_key::text from api_key"))
    kept += "".join(service.log.read_text() + service.exposition() for service in cluster.services)
    for key in (made.key, new.key):
        assert key.split("_")[2] not in kept
        assert key_id(key) in kept


# --- amendsctl ---


@pytest.fixture
def run(cluster, tmp_path):
    """run("key", "list"): amendsctl as the tenant's administrator; with columns=100 it writes to a terminal."""
    file = tmp_path / "admin.key"
    file.write_text(new_key(cluster) + "\n")

    def call(*words, key=file, columns=0, env=None):
        argv = [paths.program("amendsctl"), "--intake", cluster.replica("intake").address, *words]
        environment = {**os.environ, "TZ": "UTC", "AMENDS_CONFIG": str(tmp_path / "none"),
                       **({"AMENDS_API_KEY_FILE": str(key)} if key else {}), **(env or {})}
        return on_terminal(argv, columns, environment) if columns else subprocess.run(
            argv, capture_output=True, text=True, check=False, timeout=60, env=environment)

    return call


def test_amendsctl_makes_lists_rotates_and_revokes_keys(cluster, run, tmp_path):
    first, second = tmp_path / "crm.key", tmp_path / "crm2.key"
    made = run("key", "create", "crm", "--roles", "client,gateway", "--description", "till 7", "--out", first)
    assert made.returncode == 0, made
    key = first.read_text().strip()
    assert first.stat().st_mode & 0o777 == 0o600 and key not in made.stdout and key_id(key) in made.stdout
    assert works(cluster, key)
    listed = run("key", "list", "--wide").stdout
    assert key_id(key) in listed and "CLIENT" in listed and "till 7" in listed
    rotated = run("key", "rotate", key_id(key), "--out", second)
    new = second.read_text().strip()
    assert rotated.returncode == 0 and key_id(key) in rotated.stdout and works(cluster, new)
    revoked = run("key", "revoke", key_id(key))
    assert revoked.returncode == 0 and "REVOKED" in revoked.stdout
    assert "ACTIVE" in run("key", "get", key_id(new)).stdout
    assert run("case", "list", key=second).returncode == 0


def test_amendsctl_shows_a_new_key_on_a_terminal_only(run, tmp_path):
    piped = run("key", "create", "crm", "--roles", "client")
    assert piped.returncode == 1 and "--out FILE" in piped.stderr
    shown = run("key", "create", "crm", "--roles", "client", columns=100)
    assert PATTERN.search(shown.stdout)
    request = api.new_id()
    words = ("key", "create", "crm", "--roles", "client", "--request-id", request, "--json")
    first = run(*words, "--out", tmp_path / "a")
    assert first.returncode == 0 and not PATTERN.search(first.stdout)
    again = run(*words, "--out", tmp_path / "b")
    assert again.returncode == 4 and "revoke the key and make another" in again.stderr
    assert not (tmp_path / "b").exists()
    assert len(json.loads(run("--json", "key", "list").stdout)["apiKeys"]) == 3


def test_amendsctl_tells_a_mistyped_key_before_it_sends_it(run, tmp_path):
    file = tmp_path / "typed"
    key = (tmp_path / "admin.key").read_text().strip()
    file.write_text(key[:30] + ("a" if key[30] != "a" else "b") + key[31:])
    done = run("key", "list", key=file)
    assert done.returncode == 1 and "mistyped" in done.stderr and key[20:40] not in done.stderr
    assert "UNAUTHENTICATED" in run("key", "list", key=None).stderr or run("key", "list", key=None).returncode == 5
    both = run("key", "list", env={"AMENDS_TOKEN_FILE": str(file)})
    assert both.returncode == 1 and "leave one of them out" in both.stderr


# --- a flood of bad ones from the same address ---


def invented_key():
    alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
    return with_checksum(f"amends_{''.join(secrets.choice(alphabet) for _ in range(12))}_{'a' * 43}_")


def found_by_look_up(service):
    return service.metrics().get('amends_api_key_lookups_total{outcome="found"}', 0)


def test_a_flood_of_bad_keys_holds_up_nobody_with_a_good_one(make_cluster):
    """Invented ids keep the look-ups busy. A key used lately is known though the process has just started, and a new one
    is looked up as long as few wait."""
    cluster = make_cluster(auth="required")
    key = new_key(cluster, "client", principal="crm")
    assert works(cluster, key)
    wait_until(lambda: cluster.sql("select 1 from api_key where last_used_at is not null"), "the use to be stored")
    service = cluster.replica("intake")
    cluster.restart(service)
    over, refusals = threading.Event(), []

    def flood():
        while not over.is_set():
            try:
                calls(cluster, invented_key(), "intake").ListCases()
            except Error as error:
                refusals.append(error.reason)

    threads = [threading.Thread(target=flood, daemon=True) for _ in range(16)]
    for thread in threads:
        thread.start()
    try:
        wait_until(lambda: len(refusals) > 300, "the flood to run")
        before = found_by_look_up(service)
        for _ in range(50):
            assert works(cluster, key)
        assert found_by_look_up(service) == before, "it was known"
        for _ in range(5):
            assert works(cluster, new_key(cluster, "client", principal="crm"))
    finally:
        over.set()
        for thread in threads:
            thread.join(10)
    assert set(refusals) <= {"CREDENTIAL_REFUSED", "CREDENTIALS_TOO_MANY"}, set(refusals)
