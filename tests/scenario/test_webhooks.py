# SPDX-License-Identifier: Apache-2.0
"""Webhooks: what a receiver gets, signed, in order, by filter, once or more and never less."""

import re
import ssl
import subprocess
import time
import uuid

import pytest

from harness import paths
from harness.api import v1
from harness.certificates import Authority
from harness.errors import refused
from harness.process import wait_until

from .support import sample
from .support.receiver import Receiver, in_order
from .support.world import World

NETWORKS = ("--webhook-networks", "127.0.0.0/8")


@pytest.fixture
def world(make_cluster):
    return World(make_cluster(options=NETWORKS), "demo")


@pytest.fixture
def receiver():
    with Receiver() as one:
        yield one


def hooks(world, principal="root"):
    return world.cluster.webhooks(tenant=world.tenant, principal=principal)


def put(world, receiver, name="crm", **fields):
    return hooks(world).PutWebhook(webhook_id=name, url=receiver.url, **fields)


def hook(world, name="crm"):
    [one] = hooks(world).ListWebhooks(webhook_id=name).webhooks
    return one


def deliveries(world, name="crm", **fields):
    return hooks(world).ListDeliveries(webhook_id=name, **fields).deliveries


def claim(world, customer):
    return world.crm.OpenCase(**sample.claim(customer_id=customer, order="order", customer_name="Ada Lovelace",
                                             description="My name is Ada and I am angry.")).case


def cases(world, count, customer="c"):
    return [claim(world, f"{customer}-{n}") for n in range(count)]


def all_events(world):
    return [(str(case), seq) for case, seq in
            world.cluster.sql("select case_id, seq from case_event order by epoch, xid, case_id, seq")]


def by_feed(world, events):
    """Those of different cases may come in any order."""
    order = all_events(world)
    return sorted(events, key=lambda one: order.index((one.case, one.sequence)))


def keys(events):
    return {(one.case, one.sequence) for one in events}


# --- what comes ---


def test_every_event_comes_signed_and_in_order(world, receiver):
    made = put(world, receiver)
    assert made.created and made.secret.startswith("whsec_")
    cases(world, 5)
    events = receiver.wait_for(len(all_events(world)))
    world.settle()
    assert keys(events) == set(all_events(world))
    assert in_order(events)
    for one in events:
        assert one.signed_by(made.secret)
        assert not one.signed_by("whsec_" + "A" * 43 + "=")
        assert abs(int(one.headers["webhook-timestamp"]) - time.time()) < 60
        assert one.headers["content-type"] == "application/cloudevents+json"
        assert one.id == one.event["id"] == f"{one.case}/{one.sequence}"
        assert one.event["specversion"] == "1.0" and one.event["source"] == "amends/demo"
        assert one.event["data"]["sequence"] == str(one.sequence)
        assert one.event["type"] == "amends.v1.EVENT_KIND_" + one.event["data"]["kind"].removeprefix("EVENT_KIND_")
    assert len({one.event["amendscursor"] for one in events}) == len(events)
    assert not deliveries(world)
    assert hook(world).delivered == len(events)


def test_nothing_personal_comes_unless_asked_for(world, receiver):
    put(world, receiver)
    cases(world, 1)
    receiver.wait_for(1)
    assert not any(b"Ada" in one.body for one in receiver.got)
    assert any(one.event["data"].get("masked") for one in receiver.got)


def test_personal_parts_come_when_asked_for_and_are_recorded(world, receiver):
    put(world, receiver, include_personal=True)
    [case] = cases(world, 1)
    events = receiver.wait_for(1)
    assert events[0].event["data"]["personal"]["customerName"] == "Ada Lovelace"
    records = world.cluster.privacy(tenant="demo", principal="root")
    wait_until(lambda: [one for one in records.ListAccessRecords(case_id=case.case_id).records
                        if one.principal == "webhook:crm"], "the record of what was shown")


def test_a_filter_passes_what_it_names(world, receiver):
    put(world, receiver, filter={"kinds": [v1.EVENT_KIND_CASE_OPENED], "customer_ids": ["c-1", "c-3"]})
    cases(world, 5)
    events = receiver.wait_for(2)
    world.settle()
    assert [one.type for one in receiver.got] == ["CASE_OPENED"] * 2
    assert {one.event["data"]["detail"]["customerId"] for one in events} == {"c-1", "c-3"}


def test_it_begins_where_it_was_told_to(world, receiver):
    cases(world, 2)
    world.settle()
    with Receiver() as later, Receiver() as again:
        put(world, receiver, "early", start="EARLIEST")
        put(world, later, "late")
        early = by_feed(world, receiver.wait_for(len(all_events(world))))
        put(world, again, "again", start=early[1].event["amendscursor"])
        again.wait_for(len(early) - 2)
        world.settle()
        assert {one.id for one in again.events()} == {one.id for one in early[2:]}
        assert not later.got
        cases(world, 1, "new")
        later.wait_for(1)
        assert all(one.id not in {old.id for old in early} for one in later.events())


def test_another_tenants_events_never_come(world, receiver):
    other = World(world.cluster, "acme")
    put(world, receiver)
    cases(other, 3)
    cases(world, 1)
    receiver.wait_for(1)
    world.settle()
    assert {one.event["source"] for one in receiver.got} == {"amends/demo"}
    assert not hooks(other).ListWebhooks().webhooks
    with refused("NOT_FOUND", "WEBHOOK_NOT_FOUND"):
        hooks(other).TestWebhook(webhook_id="crm")
    assert not hooks(other).DeleteWebhook(webhook_id="crm").deleted


def test_what_policy_holds_back_is_not_late(world):
    held, stuck, failing = (str(uuid.uuid4()) for _ in range(3))
    for one, next_at, attempts in ((held, "+ interval '8 hours'", 0), (stuck, "- interval '2 hours'", 0),
                                   (failing, "+ interval '1 hour'", 3)):
        world.cluster.sql("insert into delivery (tenant_id, delivery_id, kind, receiver, state, attempts, created_at, "
                          "next_at) select tenant_id, %s, 1, 'ann', 1, %s, now() - interval '2 hours', "
                          f"now() {next_at} from tenant where name = 'demo'", (one, attempts))
    late = world.cluster.replica("resolution").metrics
    wait_until(lambda: late().get("amends_delivery_late_rows", 0) > 0, "the count", seconds=60)
    assert late()["amends_delivery_late_rows"] == 2


# --- secrets ---


def test_a_new_secret_signs_beside_the_old_one_for_a_day(world, receiver):
    first = put(world, receiver).secret
    assert put(world, receiver).secret == ""
    second = put(world, receiver, rotate_secret=True).secret
    wait_until(lambda: len(hook(world).keys) == 2, "two keys")
    time.sleep(3.5)  # whoever serves it has heard of it
    cases(world, 1)
    for one in receiver.wait_for(1):
        assert one.signed_by(first) and one.signed_by(second)
    # The new one was lost: the old one goes on all the same.
    third = put(world, receiver, rotate_secret=True).secret
    assert [one.number for one in hook(world).keys] == [3, 1]
    world.cluster.advance(25 * 3600)
    before = len(receiver.events())
    time.sleep(3.5)
    cases(world, 1, "later")
    receiver.wait_for(before + 1)
    one = receiver.events()[-1]
    assert one.signed_by(third) and not one.signed_by(first) and not one.signed_by(second)
    assert first not in str(hook(world)) and third not in str(hook(world))


def test_ed25519_needs_no_secret_at_the_receiver(world, receiver):
    made = put(world, receiver, signing=v1.WEBHOOK_SIGNING_ED25519)
    assert made.secret == ""
    [key] = made.webhook.keys
    cases(world, 1)
    for one in receiver.wait_for(1):
        assert one.signed_by(key.public_key)
        assert one.headers["webhook-signature"].startswith("v1a,")


def test_secrets_lie_under_the_master_key(make_cluster, receiver, tmp_path):
    masters = tmp_path / "masters"
    masters.write_text("one " + "7" * 64 + "\n")
    masters.chmod(0o600)
    world = World(make_cluster(options=(*NETWORKS, "--master-keys", masters)), "demo")
    secret = put(world, receiver).secret
    cases(world, 1)
    assert receiver.wait_for(1)[0].signed_by(secret)
    [(stored, master)] = world.cluster.sql("select encode(bytes, 'base64'), master from webhook_secret")
    assert master == "one" and secret.removeprefix("whsec_")[:40] not in stored


def test_master_keys_are_replaced(make_cluster, receiver, tmp_path):
    masters = tmp_path / "masters"
    masters.write_text("one " + "7" * 64 + "\n")
    masters.chmod(0o600)
    cluster = make_cluster(options=(*NETWORKS, "--master-keys", masters))
    world = World(cluster, "demo")
    secret = put(world, receiver).secret
    masters.write_text("two " + "8" * 64 + "\none " + "7" * 64 + "\n")
    done = subprocess.run([paths.program("amends"), "rewrap", "--pg", cluster.postgres.conninfo(cluster.name),
                           "--master-keys", masters], capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 0 and "1 secrets of webhooks were wrapped under two" in done.stdout, done
    assert cluster.sql("select master from webhook_secret") == [("two",)]
    masters.write_text("two " + "8" * 64 + "\n")
    cluster.restart(cluster.replica("resolution"))
    assert hooks(world).TestWebhook(webhook_id="crm").delivered
    assert receiver.got[-1].signed_by(secret)


def test_receivers_certificates_are_checked(make_cluster, tmp_path):
    authority = Authority(tmp_path)
    pair = authority.issue("receiver", "DNS:localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.cert, pair.key)
    with Receiver() as receiver:
        receiver.server.socket = context.wrap_socket(receiver.server.socket, server_side=True)
        for ca, delivered in ((authority.cert, True), (None, False)):
            options = (*NETWORKS, *(("--webhook-ca", ca) if ca else ()))
            world = World(make_cluster(options=options), "demo")
            hooks(world).PutWebhook(webhook_id="crm", url=f"https://localhost:{receiver.port}/")
            tried = hooks(world).TestWebhook(webhook_id="crm")
            assert tried.delivered == delivered, tried
            assert delivered or "certificate" in tried.answer


# --- what goes wrong ---


def fail(count, status=500, headers=None, only=lambda got: True):
    """Fails the first `count` requests that pass `only`."""
    left = [count]

    def answer(got):
        if left[0] > 0 and only(got):
            left[0] -= 1
            return status, headers or {}, "out of order"
        return 200, {}, ""

    return answer


def test_what_failed_is_tried_again(world, receiver):
    receiver.answer = fail(3)
    put(world, receiver)
    cases(world, 3)
    for _ in range(8):
        world.cluster.advance(30)
    assert keys(receiver.events()) == set(all_events(world))
    assert in_order(receiver.events())


def test_a_receiver_that_is_away_for_a_week_misses_nothing(world, receiver):
    put(world, receiver)
    port = receiver.port
    receiver.close()
    cases(world, 3)
    for day in range(7):
        world.cluster.advance(86400)
        cases(world, 2, f"day-{day}")
    world.settle()
    assert hook(world).pause_until_time.seconds > 0 and hook(world).failures > 0
    assert not deliveries(world, state=v1.DELIVERY_STATE_DEAD)
    with Receiver(port) as back:
        world.cluster.advance(700)
        for _ in range(5):
            world.cluster.advance(60)
        events = back.wait_for(len(all_events(world)))
        assert keys(events) == set(all_events(world))
        assert in_order(events)
    assert hook(world).failures == 0


def test_one_bad_case_holds_back_only_its_own_events(world, receiver):
    bad, good = cases(world, 2)
    world.settle()
    receiver.answer = lambda got: (500, {}, "no") if got.case == bad.case_id else (200, {}, "")
    put(world, receiver)
    for case in (bad, good, bad, good):
        claim(world, case.customer_id)
    wanted = [key for key in all_events(world) if key[0] == good.case_id]
    wait_until(lambda: len([one for one in receiver.events() if one.case == good.case_id]) >= 2, "the good case")
    world.settle()
    assert {one.case for one in receiver.events()} == {good.case_id} and wanted
    waiting = deliveries(world, state=v1.DELIVERY_STATE_WAITING)
    assert [one.case_id for one in waiting] == [bad.case_id] * 2
    assert sorted(one.attempts for one in waiting) == [0, 1]
    # The later one waits for five minutes, then it goes apart.
    receiver.answer = lambda got: (500, {}, "no") if got.sequence == 2 and got.case == bad.case_id else (200, {}, "")
    world.cluster.advance(70)
    assert not [one for one in receiver.events() if one.case == bad.case_id]
    world.cluster.advance(300)
    [late] = [one for one in receiver.events() if one.case == bad.case_id]
    assert late.out_of_order
    receiver.answer = lambda got: (200, {}, "")
    world.cluster.advance(3600)
    assert len([one for one in receiver.events() if one.case == bad.case_id]) == 2
    assert receiver.events()[-1].out_of_order


def test_an_answer_that_is_no_text_keeps_no_end_from_being_written(world, receiver):
    bad, good = cases(world, 2)
    world.settle()

    def answer(got):
        if got.case == bad.case_id:
            return 500, {}, b"\xff\xfe no \xc3"
        time.sleep(0.3)  # it takes the other one afterwards, so that the bad one gets a row
        return 200, {}, ""

    receiver.answer = answer
    put(world, receiver, start="EARLIEST")
    world.settle()
    for _ in range(3):
        claim(world, good.customer_id)
        world.cluster.advance(70)
    [row] = [one for one in deliveries(world, state=v1.DELIVERY_STATE_WAITING) if one.attempts]
    assert row.attempts >= 2 and row.error.split() == ["no"]


def test_after_ten_attempts_over_three_days_an_event_is_dead(world, receiver):
    bad, good = cases(world, 2)
    world.settle()
    receiver.answer = lambda got: (500, {}, "broken\x07") if got.case == bad.case_id else (200, {}, "")
    put(world, receiver, start="EARLIEST")
    world.settle()
    for _ in range(60):  # the first ones are only given up when others are taken
        world.cluster.advance(4 * 3600)
    dead = deliveries(world, state=v1.DELIVERY_STATE_DEAD, page_size=500)
    assert dead and {one.case_id for one in dead} == {bad.case_id}
    assert all(one.attempts == 10 and one.status == 500 and "broken" in one.error and "\x07" not in one.error
               for one in dead)
    tries = len([one for one in receiver.got if one.id == f"{bad.case_id}/1"])
    assert tries >= 10
    receiver.answer = lambda got: (200, {}, "")
    world.cluster.advance(700)
    done = hooks(world).Redeliver(webhook_id="crm", dead={})
    assert done.redelivered == len(dead) and not done.more
    wanted = {one.delivery_id for one in dead}
    wait_until(lambda: wanted <= {one.delivery_id for one in deliveries(world, state=v1.DELIVERY_STATE_DELIVERED,
                                                                        page_size=500)}, "the rows to be sent")
    sequences = {one.sequence for one in dead}
    again = [one for one in receiver.events() if one.case == bad.case_id and one.sequence in sequences]
    assert [one.sequence for one in again] == sorted(sequences)
    assert all(one.out_of_order for one in again)


@pytest.mark.parametrize("status", [400, 401, 404, 422])
def test_other_answers_4xx_are_dead_at_once(world, receiver, status):
    receiver.answer = fail(1, status)
    put(world, receiver)
    cases(world, 2)
    wait_until(lambda: deliveries(world, state=v1.DELIVERY_STATE_DEAD), "a dead delivery")
    world.settle()
    [dead] = deliveries(world)
    assert (dead.status, dead.attempts, dead.error) == (status, 1, "out of order")
    hooks(world).Redeliver(webhook_id="crm", delivery_ids=[dead.delivery_id])
    wait_until(lambda: keys(receiver.events()) == set(all_events(world)), "what was dead")


@pytest.mark.parametrize("status", [408, 425, 429, 503])
def test_retry_after_is_kept_to(world, receiver, status):
    receiver.answer = fail(1, status, {"retry-after": "7200"})
    put(world, receiver)
    cases(world, 3)
    wait_until(lambda: hook(world).pause_until_time.seconds, "the pause")
    world.settle()
    before = len(receiver.got)
    world.cluster.advance(7000)
    assert len(receiver.got) == before
    world.cluster.advance(300)
    world.cluster.advance(60)
    assert keys(receiver.events()) == set(all_events(world)) and in_order(receiver.events())


def test_410_disables_the_webhook_which_keeps_its_place(world, receiver):
    receiver.answer = fail(1, 410)
    put(world, receiver)
    cases(world, 2)
    wait_until(lambda: hook(world).state == v1.WEBHOOK_STATE_DISABLED, "the webhook to be disabled")
    assert "410" in hook(world).disable_reason
    cases(world, 1, "later")
    world.cluster.advance(3600)
    put(world, receiver)
    receiver.wait_for(len(all_events(world)))
    assert keys(receiver.events()) == set(all_events(world)) and in_order(receiver.events())


def test_redirects_are_not_followed(world, receiver):
    with Receiver() as elsewhere:
        receiver.answer = lambda got: (302, {"location": elsewhere.url}, "")
        put(world, receiver)
        cases(world, 1)
        wait_until(lambda: hook(world).failures > 0, "a failure")
        assert not elsewhere.got
        assert hook(world).last_status == 302


def test_a_receiver_that_hangs_is_given_up_and_another_one_is_not_held_up(make_cluster, receiver):
    world = World(make_cluster(options=(*NETWORKS, "--webhook-timeout-ms", "1000")), "demo")
    receiver.answer = lambda got: time.sleep(5) or (200, {}, "")
    with Receiver() as quick:
        put(world, receiver, "slow")
        put(world, quick, "quick")
        cases(world, 20)
        quick.wait_for(len(all_events(world)), 5)
        wait_until(lambda: hook(world, "slow").failures > 0, "the pause of the slow one")
        assert receiver.most_at_once <= 20
        assert "imed out" in hook(world, "slow").last_error


def test_a_connection_that_is_cut_off_is_a_failure(world, receiver):
    left = [2]

    def answer(_got):
        left[0] -= 1
        return (None, {}, "") if left[0] >= 0 else (200, {}, "")

    receiver.answer = answer
    put(world, receiver)
    cases(world, 2)
    for _ in range(5):
        world.cluster.advance(30)
    assert keys(receiver.events()) == set(all_events(world)) and in_order(receiver.events())


# --- addresses ---


@pytest.mark.parametrize("url", [
    "https://127.0.0.1/x", "https://10.0.0.1/", "https://169.254.169.254/latest/meta-data", "https://[::1]/",
    "https://[::ffff:10.0.0.1]/", "https://192.168.1.1:8443/", "http://example.org/", "ftp://example.org/",
    "https://user:word@example.org/", "https://example.org/#part", "example", ""])
def test_urls_that_lead_inside_are_refused(make_cluster, url):
    world = World(make_cluster(), "demo")
    with refused("INVALID_ARGUMENT", "INVALID_ARGUMENT") as caught:
        hooks(world).PutWebhook(webhook_id="crm", url=url)
    assert caught.error.fields == ["url"]


def test_the_address_of_the_socket_counts_not_the_name(make_cluster):
    world = World(make_cluster(), "demo")
    hooks(world).PutWebhook(webhook_id="crm", url="https://localhost:1/")
    tried = hooks(world).TestWebhook(webhook_id="crm")
    assert not tried.delivered and "not public" in tried.answer
    cases(world, 1)
    wait_until(lambda: hook(world).failures > 0, "a failure")
    assert "not public" in hook(world).last_error


# --- the calls ---


def test_a_test_tells_what_the_receiver_answers(world, receiver):
    secret = put(world, receiver, disabled=True).secret
    tried = hooks(world).TestWebhook(webhook_id="crm")
    assert tried.delivered and tried.status == 200
    [got] = receiver.got
    assert got.type == "TEST" and got.signed_by(secret)
    receiver.answer = lambda got: (418, {}, "I am a teapot")
    tried = hooks(world).TestWebhook(webhook_id="crm")
    assert (tried.delivered, tried.status, tried.answer) == (False, 418, "I am a teapot")


def test_a_deleted_webhook_is_told_nothing_more(world, receiver):
    receiver.answer = lambda got: (500, {}, "")
    put(world, receiver)
    cases(world, 1)
    wait_until(lambda: receiver.got, "a request")
    assert hooks(world).DeleteWebhook(webhook_id="crm").deleted
    assert not hooks(world).DeleteWebhook(webhook_id="crm").deleted
    time.sleep(3.5)
    receiver.got.clear()
    receiver.answer = lambda got: (200, {}, "")
    cases(world, 1, "later")
    world.cluster.advance(3600)
    assert not receiver.got
    assert world.cluster.sql("select count(*) from webhook_secret")[0][0] == 0


def test_bad_requests_are_told_precisely(world, receiver):
    bad = [({"webhook_id": ""}, "webhook_id"), ({"webhook_id": "No Way"}, "webhook_id"),
           ({"start": "yesterday"}, "start"), ({"signing": 7}, "signing"),
           ({"filter": {"case_ids": ["x"]}}, "filter.case_ids")]
    for fields, name in bad:
        with refused("INVALID_ARGUMENT", "INVALID_ARGUMENT") as caught:
            hooks(world).PutWebhook(**{"webhook_id": "crm", "url": receiver.url, **fields})
        assert [re.sub(r"\[\d+\]", "", one) for one in caught.error.fields] == [name]
    put(world, receiver)
    for fields in ({}, {"dead": {}, "cursor": "EARLIEST"}, {"delivery_ids": ["x"]}, {"cursor": "tomorrow"}):
        with refused("INVALID_ARGUMENT", "INVALID_ARGUMENT"):
            hooks(world).Redeliver(webhook_id="crm", **fields)
    with refused("INVALID_ARGUMENT", "INVALID_ARGUMENT"):
        hooks(world).ListDeliveries()
    with refused("NOT_FOUND", "WEBHOOK_NOT_FOUND"):
        hooks(world).Redeliver(webhook_id="none", cursor="EARLIEST")


def test_webhooks_are_bounded_and_come_in_pages(world, receiver):
    for n in range(100):
        put(world, receiver, f"hook-{n:03}", disabled=True)
    with refused("FAILED_PRECONDITION", "WEBHOOKS_FULL"):
        put(world, receiver, "one-more")
    assert world.cluster.sql("select count(*) from webhook_secret")[0][0] == 100
    put(world, receiver, "hook-007", disabled=True)
    names, token = [], ""
    while True:
        page = hooks(world).ListWebhooks(page_size=30, page_token=token)
        names += [one.webhook_id for one in page.webhooks]
        token = page.next_page_token
        if not token:
            break
    assert names == [f"hook-{n:03}" for n in range(100)]


def test_redeliver_from_a_place_on(world, receiver):
    put(world, receiver)
    cases(world, 3)
    first = by_feed(world, receiver.wait_for(len(all_events(world))))
    world.settle()
    receiver.got.clear()
    hooks(world).Redeliver(webhook_id="crm", cursor=first[1].event["amendscursor"])
    receiver.wait_for(len(first) - 2)
    world.settle()
    assert {one.id for one in receiver.events()} == {one.id for one in first[2:]}


def test_ten_thousand_dead_letters_are_redelivered(world, receiver):
    put(world, receiver)
    cases(world, 500)
    receiver.wait_for(500)
    world.settle()
    receiver.got.clear()
    world.cluster.sql(
        "insert into delivery (tenant_id, delivery_id, kind, receiver, case_id, seq, state, attempts, created_at,"
        " finished_at) select e.tenant_id, gen_random_uuid(), 3, 'webhook/crm', e.case_id, e.seq, 3, 10,"
        " now() - interval '1 day', now() from case_event e, generate_series(1, 20) n"
        " where e.seq = 1")
    began = time.monotonic()
    sent, more = 0, True
    while more:
        done = hooks(world).Redeliver(webhook_id="crm", dead={}, timeout_s=60)
        sent, more = sent + done.redelivered, done.more
    assert sent == 10000
    wait_until(lambda: world.cluster.sql("select count(*) from delivery where state = 2")[0][0] == 10000,
               "all to be delivered", 300)
    assert len(receiver.taken()) >= 10000
    print(f"10,000 redelivered in {time.monotonic() - began:.1f} s")
