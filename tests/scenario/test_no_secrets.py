# SPDX-License-Identifier: Apache-2.0
"""Secrets are in their files and on their way, and nowhere else: everything that the programs wrote, told and kept in a
full run is searched for every secret of it."""

import base64
import os
import re
import secrets
import subprocess

import pytest

from harness import api, paths
from harness.api import v1
from harness.certificates import Authority, Tls
from harness.errors import Error
from harness.process import wait_until

from .support import sample
from .support.keys import amends, calls, key_id, new_key
from .support.tokens import Provider

PIECE = 16  # so many characters of a secret in a row are a leak


def forms(secret):
    """How a secret may be written: as it is, and as programs write bytes."""
    raw = secret.encode()
    return [secret, raw.hex(), base64.b64encode(raw).decode().rstrip("="),
            base64.urlsafe_b64encode(raw).decode().rstrip("=")]


def pieces(secret):
    """Parts of every form, so that half a secret is found, too."""
    for form in forms(secret):
        yield from (form[at:at + PIECE] for at in range(0, max(1, len(form) - PIECE + 1), PIECE // 2))


class Secrets:
    """What must not be found, by what it is."""

    def __init__(self):
        self._known = {}
        self.places = 0

    def add(self, what, text):
        assert len(text) >= PIECE, what
        self._known[what] = text
        return text

    def add_key(self, what, key):
        """An API key: its id is public, its secret is not."""
        self.add(what, key.split("_")[2])
        return key

    def add_pem(self, what, file):
        lines = [line for line in file.read_text().splitlines() if not line.startswith("-----")]
        self.add(what, "".join(lines)[-60:].rstrip("="))  # the start of the form is the same for all keys
        return file

    def add_token(self, what, token):
        self.add(what, token.split(".")[2])
        return token

    def absent(self, place, text, but=()):
        """Nothing of any secret is in a text or in bytes, but of those named in `but`."""
        if isinstance(text, bytes):
            text = text.decode("utf-8", "replace")
        self.places += 1
        for what, secret in self._known.items():
            if what not in but:
                found = [piece for piece in pieces(secret) if piece in text]
                assert not found, f"{what} is in {place}: ...{context(text, found[0])}..."


def context(text, piece):
    at = text.index(piece)
    return text[max(0, at - 80):at + 40]


@pytest.fixture
def known():
    return Secrets()


@pytest.fixture
def provider(state_folder):
    folder = state_folder / "provider"
    folder.mkdir()
    folder.chmod(0o755)
    return Provider(folder)


def secret_file(known, folder, what, name):
    file = folder / name
    file.write_text(known.add(what, secrets.token_urlsafe(32)) + "\n")
    file.chmod(0o644)  # the programs run as another user
    return file


@pytest.fixture
def cluster(make_cluster, known, provider, state_folder):
    """Everything that needs a secret is on, and the programs get each from a file."""
    checkpoint = state_folder / "checkpoint.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", checkpoint], check=True)
    checkpoint.chmod(0o644)
    tls = Tls(Authority(state_folder / "ca"))
    known.add("the checkpoint key", re.sub(r"-----.*?-----|\s", "", checkpoint.read_text())[22:].rstrip("="))
    known.add_pem("the key of TLS", tls.server.key)
    master = state_folder / "master-keys"
    master.write_text(f"first {known.add('the master key', secrets.token_hex(32))}\n")
    made = make_cluster(own_postgres=True, auth="required", tls=tls, options=[
        *provider.options(), "--master-keys", master, "--checkpoint-key", checkpoint, "--checkpoint-interval-s", "1",
        "--log-level", "debug"])
    known.add("the internal key", made.internal_key.read_text().strip())
    known.add("the secret of tokens", bytes(made.sql("select bytes from secret")[0][0]).hex())
    with_passwords(made, known, state_folder)
    return made


def with_passwords(cluster, known, folder):
    """Has PostgreSQL and Redis want passwords, and tell in their logs all that they are asked."""
    pg = secret_file(known, folder, "the password of PostgreSQL", "pg-password")
    redis = secret_file(known, folder, "the password of Redis", "redis-password")
    postgres = cluster.postgres
    postgres.execute(f"alter user postgres password '{pg.read_text().strip()}'")
    (postgres.data / "pg_hba.conf").write_text("local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n")
    postgres.execute("alter system set log_statement = 'all'")
    postgres.execute("select pg_reload_conf()")
    cluster.redis.cli("config", "set", "requirepass", redis.read_text().strip())
    for service in cluster.services:
        service.argv[service.argv.index("--pg") + 1] = (
            f"host=127.0.0.1 port={postgres.port} user=postgres dbname={cluster.name}")
        service.argv += ["--pg-password-file", str(pg), "--redis-password-file", str(redis)]
        cluster.restart(service)


def by_token(cluster, kind, token):
    return api.Client(cluster.replica(kind).channel, f"{kind.capitalize()}Service", metadata=[api.bearer(token)])


# --- a full run ---


def work(cluster, known, provider):
    """A case goes through all services, by keys and by tokens; then a checkpoint is signed."""
    crm = known.add_key("a key", new_key(cluster, "client", principal="crm"))
    ann = known.add_token("a token", provider.token("ann", "AGENT"))
    calls(cluster, crm, "assignment").PutAgent(agent=sample.agent("ann"))
    by_token(cluster, "assignment", ann).SetPresence(agent_id="ann", presence=v1.PRESENCE_AVAILABLE)
    case = calls(cluster, crm, "intake").OpenCase(**sample.claim()).case
    stream = by_token(cluster, "assignment", ann).WatchOffers()
    offer = next(one for one in stream if one.HasField("offer")).offer
    stream.cancel()
    by_token(cluster, "assignment", ann).AcceptOffer(case_id=case.case_id, offer_id=offer.offer_id)
    by_token(cluster, "resolution", ann).RecordContact(
        case_id=case.case_id, direction=v1.CONTACT_DIRECTION_OUTBOUND, channel=v1.CHANNEL_PHONE,
        outcome=v1.CONTACT_OUTCOME_REACHED, note="Called.")
    wait_until(lambda: cluster.sql("select count(*) from checkpoint")[0][0], "a checkpoint", 30)
    return crm


def mistakes(cluster, known, provider, crm):
    """What people send instead of a good credential; what they were told is searched at once."""
    change = "x" if crm[30] != "x" else "y"
    sent = [
        ("a mistyped key", crm[:30] + change + crm[31:]),
        ("half a key", crm[:50]),
        ("a key with a space", crm[:40] + " " + crm[40:]),
        ("an expired token", known.add_token("an expired token", provider.token("ann", "AGENT", lives_s=-600))),
        ("a token for others", known.add_token("a token for others", provider.token("ann", "AGENT", aud="them"))),
        ("half a token", provider.token("ann", "AGENT")[:-20]),
        ("the key of the services", cluster.internal_key.read_text().strip()),
        ("a wrong key of the services", "amends-internal:" + known.add("a wrong key", secrets.token_urlsafe(32))),
    ]
    for what, text in sent:
        for kind in ("intake", "assignment", "resolution"):
            refuse(cluster, known, kind, what, [api.bearer(text)])
    for kind in ("intake", "assignment", "resolution"):
        refuse(cluster, known, kind, "a key without its word", [("authorization", crm)])
        refuse(cluster, known, kind, "a key as a password", [("authorization", f"Basic {crm}")])
        refuse(cluster, known, kind, "a key twice", [api.bearer(crm), api.bearer(crm)])
        refuse(cluster, known, kind, "a key as a tenant", [("amends-tenant", crm)])
        refuse(cluster, known, kind, "a key for somebody", [api.bearer(crm), ("amends-on-behalf-of", crm)])


CALLS = {"intake": "ListCases", "assignment": "ListAgents", "resolution": "ResolveCase"}


def refuse(cluster, known, kind, what, metadata):
    client = api.Client(cluster.replica(kind).channel, f"{kind.capitalize()}Service", metadata=metadata)
    with pytest.raises(Error) as caught:
        getattr(client, CALLS[kind])()
    known.absent(f"what {kind} answered to {what}", str(caught.value))


def administer(cluster, known, tmp_path):
    """Keys are made, listed, rotated and revoked by amendsctl and by `amends`; what they print is searched."""
    conninfo = ["--pg", cluster.postgres.conninfo(cluster.name)]

    def told(done):
        assert done.returncode == 0, done
        known.absent(f"the output of {done.args[:3]}", done.stdout + done.stderr)

    def key_in(what, file):
        return known.add_key(what, file.read_text().strip())

    generated = amends("key", "generate", "--out", tmp_path / "first")
    key_in("the first key", tmp_path / "first")
    told(generated)
    told(amends("migrate", *conninfo, "--tenant", "newcomer", "--first-key-file", tmp_path / "first"))
    told(amends("key", "create", *conninfo, "--tenant", "demo", "--out", tmp_path / "admin"))
    key_in("the administrator's key", tmp_path / "admin")

    def ctl(*words, key="admin"):
        env = {**os.environ, "AMENDS_API_KEY_FILE": str(tmp_path / key)}
        address = cluster.replica("intake").address
        return subprocess.run([paths.program("amendsctl"), *cluster_flags(cluster), "--intake", address, *words],
                              capture_output=True, text=True, check=False, timeout=60, env=env)

    for words, what in ((("create", "till", "--roles", "client", "--out", tmp_path / "till"), "till"),
                        (("--json", "create", "shop", "--roles", "client", "--out", tmp_path / "shop"), "shop")):
        flags = [word for word in words if word == "--json"]
        done = ctl(*flags, "key", *[word for word in words if word != "--json"])
        key_in(f"the key of {what}", tmp_path / what)
        told(done)
    id_of_till = key_id((tmp_path / "till").read_text())
    done = ctl("key", "rotate", id_of_till, "--out", tmp_path / "till2")
    key_in("the key that was rotated to", tmp_path / "till2")
    told(done)
    for words in (("key", "list", "--wide"), ("--json", "key", "list"), ("key", "get", id_of_till),
                  ("key", "revoke", id_of_till), ("roles",), ("context", "list")):
        told(ctl(*words))
    wrong = tmp_path / "wrong"
    wrong.write_text((tmp_path / "till2").read_text()[:-4] + "00\n")
    for key in ("wrong", "till"):
        done = ctl("case", "list", key=key)
        assert done.returncode != 0
        known.absent(f"what amendsctl says of the key {key}", done.stdout + done.stderr)


def cluster_flags(cluster):
    return ["--tls-ca", cluster.replica("intake")._tls.authority.cert]  # pylint: disable=protected-access


# --- where it is looked for ---


def look_at_processes(cluster, known):
    """A program's environment is where its child processes would have it from."""
    for service in cluster.services:
        for name in ("cmdline", "environ"):
            with open(f"/proc/{service.pid}/{name}", "rb") as file:
                known.absent(f"{name} of {service.name}", file.read())


def look_at_logs_and_metrics(cluster, known):
    for service in cluster.services:
        known.absent(f"the log of {service.name}", service.log.read_bytes())
        known.absent(f"the metrics of {service.name}", service.exposition())
    known.absent("the log of PostgreSQL", cluster.postgres.process.log.read_bytes())
    known.absent("the log of Redis", cluster.redis.process.log.read_bytes())


def look_at_stores(cluster, known, redis_password):
    dump = subprocess.run([paths.postgres_program("pg_dump"), "-d", cluster.postgres.conninfo(cluster.name)],
                          capture_output=True, check=True, timeout=60).stdout
    assert b"COPY public.api_key" in dump or b"api_key" in dump
    known.absent("the database", dump, but=["the secret of tokens"])  # it is kept there
    asked = cluster.sql("select coalesce(string_agg(query, ' '), '') from pg_stat_activity")[0][0]
    known.absent("what the database was asked", asked)
    for words in (("config", "set", "rdbcompression", "no"), ("save",)):
        subprocess.run(["redis-cli", "-p", str(cluster.redis.port), *words], check=True, capture_output=True,
                       env={**os.environ, "REDISCLI_AUTH": redis_password})
    known.absent("Redis", (cluster.redis.folder / "dump.rdb").read_bytes())


def test_no_secret_is_where_it_need_not_be(cluster, known, provider, tmp_path):
    crm = work(cluster, known, provider)
    mistakes(cluster, known, provider, crm)
    administer(cluster, known, tmp_path)
    cluster.restart(cluster.replica("intake"))
    cluster.settle()
    look_at_processes(cluster, known)
    look_at_logs_and_metrics(cluster, known)
    look_at_stores(cluster, known, known._known["the password of Redis"])  # pylint: disable=protected-access
    assert known.places > 60


def test_the_search_finds_what_is_there(known):
    """As text, as hexadecimal digits, as base64, and half of it."""
    secret = known.add("a secret", secrets.token_urlsafe(32))
    for text in (f"key={secret};", secret.encode().hex(), base64.b64encode(secret.encode()).decode(), secret[8:30]):
        with pytest.raises(AssertionError, match="a secret is in a place"):
            known.absent("a place", text)
    known.absent("a place", "nothing of the kind")


# --- settings that are wrong ---


SECRET = "S3cr3t-that-nobody-should-see"


@pytest.mark.parametrize("options", [
    ["--redis", f"redis://:{SECRET}@127.0.0.1:port"],
    ["--redis", f"rediss://amends:{SECRET}@"],
    ["--pg", f"host=127.0.0.1 password={SECRET} nonsense"],
    ["--pg", f"host=127.0.0.1 port=1 password={SECRET} sslmode=perhaps"],
    ["--pg", f"postgresql://amends:{SECRET}@127.0.0.1:port/amends"],
    ["--jwt-issuer", "i", "--jwt-audience", "a", "--jwt-tenant", "demo", "--jwt-jwks", f"https://me:{SECRET}@x/keys"],
], ids=lambda options: f"{options[-2]} {options[-1].replace(SECRET, '...')}")
def test_a_wrong_setting_is_told_without_the_secret_in_it(options):
    done = subprocess.run([paths.program("amends-intake"), "--admin", "", "--listen", "nowhere", *options],
                          capture_output=True, text=True, check=False, timeout=20)
    assert done.returncode != 0
    assert SECRET not in done.stdout + done.stderr


@pytest.mark.parametrize("option", ["--internal-key-file", "--checkpoint-key", "--master-keys", "--pg-password-file",
                                    "--redis-password-file", "--jwt-jwks", "--tls-client-map"])
def test_a_wrong_file_is_told_without_what_is_in_it(option, tmp_path):
    file = tmp_path / "file"
    file.write_text(f"-----BEGIN {SECRET}-----\n{SECRET} {SECRET}\n\n{SECRET}\n\n{{\"k\": \"{SECRET}\"\n")
    more = {"--jwt-jwks": ["--jwt-issuer", "i", "--jwt-audience", "a", "--jwt-tenant", "demo"],
            "--redis-password-file": ["--redis", "redis://127.0.0.1:1"]}.get(option, [])
    done = subprocess.run([paths.program("amends-intake"), "--admin", "", "--listen", "nowhere", "--pg",
                           "host=127.0.0.1 port=1", *more, option, file],
                          capture_output=True, text=True, check=False, timeout=20)
    assert done.returncode != 0
    assert SECRET not in done.stdout + done.stderr
