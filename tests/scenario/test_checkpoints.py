# SPDX-License-Identifier: Apache-2.0
"""Signed checkpoints: what a history cannot prove by itself is found for the whole tenant, and against a copy."""

import hashlib
import re
import struct
import subprocess
import time

import pytest

from harness import paths
from harness.api import v1
from harness.errors import refused
from harness.process import wait_until

from .support import steps
from .support.ctl import ctl  # pylint: disable=unused-import
from .support.world import World, new_tenant


def make_key(folder, name="key.pem"):
    """As the manual says."""
    file = folder / name
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", file], check=True)
    return file


def public_part(key):
    return subprocess.run(["openssl", "pkey", "-in", key, "-pubout"], check=True, capture_output=True, text=True).stdout


@pytest.fixture
def key(tmp_path):
    return make_key(tmp_path)


@pytest.fixture
def world(make_cluster, key):
    cluster = make_cluster(options=("--checkpoint-key", key, "--checkpoint-interval-s", "1"))
    return World(cluster, "demo")


@pytest.fixture
def case(world):
    case = world.open()
    ann = world.agent("ann", present=False)
    ann.take()
    steps.recover(ann, case)
    checkpointed(world)
    return world.get(case)


def checkpoints(world, **who):
    return world.cluster.histories(tenant=world.tenant, **who).ListCheckpoints().checkpoints


def heads(world, checkpoint):
    """(case id, sequence, hash) of each."""
    part, found, more = 0, [], True
    while more:
        page = world.cluster.histories(tenant=world.tenant).GetCheckpointHeads(number=checkpoint.number, part=part)
        found += [page.heads[at:at + 56] for at in range(0, len(page.heads), 56)]
        part, more = part + 1, page.more
    return [(one[:16].hex(), struct.unpack(">q", one[16:24])[0], one[24:]) for one in found]


def checkpointed(world):
    """Waits until all events are in checkpoints."""

    def done():
        known = checkpoints(world)
        last = {}
        for one in known:
            last.update({case: seq for case, seq, _ in heads(world, one)})
        rows = world.cluster.sql("select replace(case_id::text, '-', ''), last_seq from recovery_case c "
                                 "join tenant t using (tenant_id) where t.name = %s", (world.tenant,))
        return rows and all(last.get(case) == seq for case, seq in rows)

    wait_until(done, "checkpoints of all heads", 30)


def verify_all(world):
    """All findings of the tenant, and the totals."""
    token, findings, cases = "", [], 0
    while True:
        part = world.cluster.histories(tenant=world.tenant).VerifyHistories(page_token=token)
        findings += part.findings
        cases += part.cases
        token = part.next_page_token
        if not token:
            assert part.progress_permille == 1000
            return findings, cases


def alter(world, statement):
    world.cluster.sql("set session_replication_role = replica; " + statement)


def kinds(findings):
    return {v1.HistoryFindingKind.Name(one.kind).removeprefix("HISTORY_FINDING_KIND_") for one in findings}


def cut(world, case, rows):
    """Cuts the events behind the third away, and puts the rows back as they were then."""
    where = f"where case_id = '{case.case_id}'"
    alter(world, f"delete from case_event_private {where} and seq > 3; delete from case_event {where} and seq > 3; "
          + " ".join(f"delete from {table} {where}; insert into {table} select * from {table}_then;" for table in rows))


def test_an_untouched_tenant_is_intact(world, case):
    findings, cases = verify_all(world)
    assert (list(findings), cases) == ([], 1)


def test_a_stranger_verifies_a_checkpoint(world, case, key, tmp_path):
    """From nothing but history_service.proto, the answers and the public key."""
    previous = bytes(32)
    for one in checkpoints(world):
        found = heads(world, one)
        text = b"".join(bytes.fromhex(case_id) + struct.pack(">q", seq) + digest for case_id, seq, digest in found)
        assert (len(found), hashlib.sha256(text).digest()) == (one.heads, one.heads_hash)
        micros = one.checkpoint_time.seconds * 1_000_000 + one.checkpoint_time.nanos // 1000
        parts = [b"amends checkpoint 1", b"demo", *(struct.pack(">q", n) for n in (one.number, micros, one.heads)),
                 one.heads_hash, *(struct.pack(">q", n) for n in (
                     one.through_epoch, one.through_transaction, one.through_sequence)),
                 one.through_case_id.encode(), one.public_key]
        digest = hashlib.sha256(previous + b"".join(struct.pack(">I", len(part)) + part for part in parts)).digest()
        assert (one.previous_hash, one.hash) == (previous, digest)
        previous = digest
        (tmp_path / "hash").write_bytes(digest)
        (tmp_path / "signature").write_bytes(one.signature)
        (tmp_path / "public.pem").write_text(public_part(key))
        subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", tmp_path / "public.pem", "-rawin",
                        "-in", tmp_path / "hash", "-sigfile", tmp_path / "signature"], check=True, capture_output=True)
    events = {one.sequence: one.hash for one in world.history(case)}
    assert all(events[seq] == digest for one in checkpoints(world) for _, seq, digest in heads(world, one))


def test_a_cut_history_with_its_rows_put_back_is_found(world):
    """The case alone cannot know: its rows are as its events say."""
    tables = ("recovery_case", "contact_attempt", "act", "remedy", "clock", "offer")
    case = world.open()
    ann = world.agent("ann", present=False)
    ann.take()
    while world.get(case).version < 3:
        steps.say(ann, case)
    for table in tables:
        world.cluster.sql(f"create table {table}_then as select * from {table}")
    generated = "alter table {0}_then drop column {1}"
    for table, column in world.cluster.sql("select table_name, column_name from information_schema.columns "
                                           "where is_generated = 'ALWAYS'"):
        if table in tables:
            world.cluster.sql(generated.format(table, column))
    steps.recover(ann, case)
    checkpointed(world)
    version = world.get(case).version
    assert version > 3
    cut(world, case, tables)
    assert world.verify(case).intact
    findings, _ = verify_all(world)
    assert kinds(findings) == {"CUT"}
    assert findings[0].case_id == case.case_id
    assert max(one.sequence for one in findings) == version


def test_a_rewritten_event_is_found(world, case):
    alter(world, f"update case_event set hash = sha256('x') where seq = {case.version} and case_id = '{case.case_id}'; "
          f"update recovery_case set last_hash = sha256('x') where case_id = '{case.case_id}'")
    assert "REWRITTEN" in kinds(verify_all(world)[0])


def test_a_missing_case_is_found(world, case):
    alter(world, "; ".join(f"delete from {table} where case_id = '{case.case_id}'" for table in (
        "case_event_private", "case_event", "clock", "offer", "remedy", "act", "contact_attempt", "signal", "escalation",
        "notification", "case_work", "open_claim", "case_ended", "case_reference",
        "recovery_case")))
    findings, cases = verify_all(world)
    assert cases == 0
    assert (kinds(findings), findings[0].case_id) == ({"CASE_MISSING"}, case.case_id)


@pytest.mark.parametrize("statement,kind", [
    ("update checkpoint set heads = heads + 1", "CHECKPOINT"), ("update checkpoint set at = '2020-01-01'", "CHECKPOINT"),
    ("update checkpoint set prev_hash = sha256('x')", "CHECKPOINT"),
    ("update checkpoint_slice set heads = heads || heads", "CHECKPOINT"),
    ("update checkpoint set signature = signature || '\\x00'::bytea", "SIGNATURE"),
])
def test_an_altered_checkpoint_is_found(world, case, statement, kind):
    alter(world, statement)
    assert kind in kinds(verify_all(world)[0])


def test_a_missing_checkpoint_is_found(world, case):
    ann = world.principal("ann")
    steps.say(ann, case)
    checkpointed(world)
    assert len(checkpoints(world)) > 1
    alter(world, "delete from checkpoint where number = 1")
    assert "CHECKPOINT" in kinds(verify_all(world)[0])


def test_only_what_changed_is_in_the_next_checkpoint(world, case):
    before = len(checkpoints(world))
    other = world.open()
    checkpointed(world)
    new = checkpoints(world)[before:]
    assert {case_id for one in new for case_id, _, _ in heads(world, one)} == {other.case_id.replace("-", "")}
    assert world.cluster.sql("select count(*) from checkpoint_slice s where not exists (select 1 from checkpoint c "
                             "where c.draft = s.draft)") == [(0,)]


def test_another_tenant_sees_nothing(world, case):
    other = new_tenant(world.cluster, "elsewhere")
    assert not checkpoints(other)
    with refused("NOT_FOUND", "CHECKPOINT_NOT_FOUND"):
        other.cluster.histories(tenant=other.tenant).GetCheckpointHeads(number=1)
    with refused("NOT_FOUND", "CASE_NOT_FOUND"):
        other.verify(case)
    assert verify_all(other) == ([], 0)


def test_a_key_is_rotated(world, case, key, tmp_path):
    """The new key stands in front; the public part of the old one behind it."""
    before = checkpoints(world)
    old = key.read_text()
    new = make_key(tmp_path, "new.pem").read_text()
    key.write_text(new + public_part(key))
    for service in world.cluster.services:
        world.cluster.restart(service)
    steps.say(world.principal("ann"), case)
    checkpointed(world)
    after = checkpoints(world)[len(before):]
    assert {one.key_id for one in before}.isdisjoint({one.key_id for one in after})
    assert verify_all(world)[0] == []
    # The old key is lost: its checkpoints cannot be told from others.
    key.write_text(new)
    world.cluster.restart(world.cluster.replica("intake"))
    findings, _ = verify_all(world)
    assert (kinds(findings), len(findings)) == ({"SIGNATURE"}, len(before))
    assert old not in "".join(world.cluster.logs().values())


def test_without_a_key_there_are_none(make_cluster):
    world = World(make_cluster(), "demo")
    world.open()
    metrics = world.cluster.replica("assignment").metrics()
    assert metrics["amends_checkpoint_key_state"] == 0
    assert "checkpoints_off" in world.cluster.replica("assignment").tail()
    assert verify_all(world)[0] == []
    assert not checkpoints(world)


def test_the_gauges_tell(world, case):
    metrics = world.cluster.replica("assignment").metrics()
    assert metrics["amends_checkpoint_key_state"] == 1
    assert metrics["amends_checkpoint_age_seconds"] < 60
    assert metrics["amends_checkpoints_total"] >= 1
    assert metrics["amends_checkpoint_heads_total"] >= 1


@pytest.mark.parametrize("content,why", [
    (None, "cannot be read"), ("", "holds no key"), ("rsa", "not an Ed25519 key")])
def test_a_key_that_is_none_is_told(tmp_path, content, why):
    file = tmp_path / "file.pem"
    if content == "rsa":
        subprocess.run(["openssl", "genpkey", "-algorithm", "rsa", "-out", file], check=True, capture_output=True)
    elif content is not None:
        file.write_text(content)
    done = subprocess.run([paths.program("amends-intake"), "--listen", "127.0.0.1:0", "--checkpoint-key", file],
                          capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 1
    assert why in done.stderr + done.stdout
    assert "PRIVATE" not in done.stderr.replace("PRIVATE KEY and", "")


# --- amendsctl ---


@pytest.fixture
def exported(case, ctl, tmp_path):
    file = tmp_path / "checkpoints"
    done = ctl("checkpoint", "export", "--out", file)
    assert done.returncode == 0, done.stderr
    return file


def test_ctl_verifies_the_whole_tenant(world, case, ctl):
    done = ctl("verify", "--all")
    assert done.returncode == 0
    assert re.match(r"0 findings in 1 cases \(\d+ events\) and \d+ checkpoints \(\d+ heads\)\n", done.stdout)
    assert done.stderr == ""
    alter(world, f"update remedy set micros = 4000000 where case_id = '{case.case_id}'")
    done = ctl("verify", "--all")
    assert done.returncode == 1
    assert "ROW_DIFFERS" in done.stdout and "amount.units" in done.stdout
    assert ctl("verify").returncode == 1


def test_ctl_verifies_a_copy(world, case, ctl, exported, key, tmp_path):
    (tmp_path / "public.pem").write_text(public_part(key))
    done = ctl("checkpoint", "verify", exported, "--public-key", tmp_path / "public.pem")
    assert (done.returncode, done.stdout.split(" ")[0]) == (0, "0"), done.stdout + done.stderr
    assert ctl("checkpoint", "check", exported, intake="127.0.0.1:1").returncode == 0
    other = make_key(tmp_path, "other.pem")
    done = ctl("checkpoint", "verify", exported, "--public-key", other)
    assert done.returncode == 1
    assert "a key that is not trusted" in done.stdout


def test_ctl_finds_a_rewritten_table_of_checkpoints(world, case, ctl, exported):
    """Written anew with the very key, it verifies by itself; the copy tells."""
    alter(world, "delete from checkpoint; delete from checkpoint_slice")
    checkpointed(world)
    assert verify_all(world)[0] == []
    done = ctl("checkpoint", "verify", exported)
    assert done.returncode == 1
    assert "written anew" in done.stdout
    alter(world, "delete from checkpoint; delete from checkpoint_slice; update case_event set epoch = 0")
    done = ctl("checkpoint", "verify", exported)
    assert "the server does not have it any more" in done.stdout or "written anew" in done.stdout


def test_ctl_finds_a_damaged_copy(ctl, exported):
    data = bytearray(exported.read_bytes())
    data[-40] ^= 1
    exported.write_bytes(data)
    done = ctl("checkpoint", "check", exported)
    assert done.returncode == 1
    assert "its heads are not those that were signed" in done.stdout
    exported.write_bytes(data[:-3])
    assert ctl("checkpoint", "check", exported).returncode == 1


def test_ctl_says_what_is_missing(ctl, tmp_path):
    assert "--out is missing" in ctl("checkpoint", "export").stderr
    assert "FILE is missing" in ctl("checkpoint", "verify").stderr
    assert "No such file" in ctl("checkpoint", "check", tmp_path / "none").stderr


# --- what happens meanwhile ---


def test_a_clock_that_was_wrong_stops_no_checkpoints(world, case):
    """The database's clock was a day ahead when the last checkpoint was written, and was set back."""
    alter(world, "update checkpoint set at = at + interval '1 day'")
    world.open()
    checkpointed(world)


def test_an_open_transaction_delays_and_loses_nothing(world, case):
    before = len(checkpoints(world))
    other = world.cluster.postgres.connect(world.cluster.name)
    with other.cursor() as cursor:
        cursor.execute("begin; select pg_current_xact_id()")
    cases = [world.open() for _ in range(3)]
    time.sleep(3)
    known = {one[0] for number in checkpoints(world)[before:] for one in heads(world, number)}
    assert not known & {one.case_id.replace("-", "") for one in cases}, "events behind an open transaction may not be all"
    other.close()
    checkpointed(world)
    told = [head for number in checkpoints(world) for head in heads(world, number)]
    assert len(told) == len({(one, seq) for one, seq, _ in told})
    assert not verify_all(world)[0]


def test_whoever_takes_over_goes_on(make_cluster, key):
    """The writer is killed in the middle of a large checkpoint; the other replica writes it, once."""
    cluster = make_cluster(replicas={"intake": 1, "assignment": 2, "resolution": 1},
                           options=("--checkpoint-key", key, "--checkpoint-interval-s", "1"))
    world = World(cluster, "demo")
    case = world.open()
    checkpointed(world)
    # 30,000 events in the feed that no event chain holds: only their heads matter here.
    alter(world, "insert into case_event (tenant_id, case_id, seq, at, kind, actor, public, private_digest, prev_hash, hash, "
          "epoch, xid) select e.tenant_id, gen_random_uuid(), 1, e.at, e.kind, e.actor, e.public, e.private_digest, "
          "e.prev_hash, sha256(n::text::bytea), e.epoch, pg_current_xact_id() from case_event e, generate_series(1, 30000) n "
          f"where e.case_id = '{case.case_id}' and e.seq = 1")
    wait_until(lambda: cluster.sql("select 1 from checkpoint_slice s where not exists (select 1 from checkpoint c where "
                                   "c.tenant_id = s.tenant_id and c.number = s.number)"), "a draft", 30)
    [holder] = [one for one in (cluster.replica("assignment", 0), cluster.replica("assignment", 1))
                if one.metrics()["amends_checkpoints_total"] > 0]
    holder.kill()
    wait_until(lambda: sum(one.heads for one in checkpoints(world)) >= 30000, "the whole checkpoint", 60)
    cluster.restart(holder)
    told = [head for number in checkpoints(world) for head in heads(world, number)]
    assert len(told) == len({(one, seq) for one, seq, _ in told}) and len(told) > 30000
    wait_until(lambda: not cluster.sql("select 1 from checkpoint_slice s where not exists (select 1 from checkpoint c where "
                                       "c.tenant_id = s.tenant_id and c.number = s.number and c.draft = s.draft)"),
               "no draft is left", 30)
    assert kinds(verify_all(world)[0]) == {"CASE_MISSING"}, "the heads are those of no case, as made; nothing else is wrong"


def test_missing_checkpoints_are_told(world, case):
    """A transaction that does not end holds the feed up, and so the checkpoints."""
    service = world.cluster.replica("assignment")

    def late():
        return service.metrics()["amends_assignment_audit_late_checkpoints"]

    assert late() == 0, "the fixture has waited for its checkpoint"
    connection = world.cluster.postgres.connect(world.cluster.name)
    with connection.cursor() as cursor:
        cursor.execute("begin; select pg_current_xact_id()")
        world.open()
        wait_until(lambda: late() == 1, "the audit to tell", 40)
        cursor.execute("rollback")
    connection.close()
    assert '"event":"checkpoints_missing"' in service.log.read_text()
    wait_until(lambda: late() == 0, "the checkpoint to be written", 40)
    assert case.case_id


def test_whatever_a_verification_finds_is_told_to_the_operator(world, case):
    service = world.cluster.replica("intake")
    assert world.verify(case).intact and service.metrics()["amends_history_findings"] == 0
    world.cluster.sql("set session_replication_role = replica; update remedy set micros = micros / 10")
    assert not world.verify(case).intact
    assert service.metrics()["amends_history_findings"] == 1
    assert service.metrics()["amends_history_findings_total"] >= 1
    [line] = [line for line in service.log.read_text().splitlines() if '"event":"not_intact"' in line]
    assert case.case_id in line and "amount" in line
