# SPDX-License-Identifier: Apache-2.0
"""What floods of clients that nobody knows do to a service, directly and through the front (docker/front).

    PYTHONPATH=tests python3 -m bench.floods [--front] [--seconds S] [--only WORD]

For each flood: what was sent in these seconds, what the process of the service holds then and after the
connections were closed, the same for HAProxy, and how long another client waited. docker/front/README.md has a
run of it.
"""

import argparse
import contextlib
import itertools
import select
import socket
import ssl
import struct
import sys
import tempfile
import threading
import time
from pathlib import Path

from harness import api, paths
from harness.cluster import Cluster, Environment
from harness.errors import Error
from harness.front import Front

DATA, HEADERS, RST_STREAM, SETTINGS, PING, CONTINUATION = 0, 1, 3, 4, 6, 9
END_STREAM, END_HEADERS = 1, 4
CANCEL = struct.pack(">I", 8)
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
STREAMS_OF_A_CONNECTION = 1000
MOST_MB = 1500  # of the process; the machine has to live, too
WAIT_S = 5
# Addresses of this machine that only attackers have: a limit for an address hits no other client.
ATTACKERS = [f"127.9.0.{number}" for number in range(1, 251)]


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def text(value):
    """A string of HPACK without Huffman coding."""
    raw = value.encode()
    if len(raw) < 127:
        return bytes([len(raw)]) + raw
    out, rest = bytes([127]), len(raw) - 127
    while rest >= 128:
        out, rest = out + bytes([rest % 128 + 128]), rest // 128
    return out + bytes([rest]) + raw


def field(key, value):
    return b"\0" + text(key) + text(value)


CALL = b"".join(field(*pair) for pair in (
    (":method", "POST"), (":scheme", "http"), (":path", "/amends.v1.IntakeService/GetCase"), (":authority", "x"),
    ("content-type", "application/grpc"), ("te", "trailers"),
    ("amends-tenant", "demo"), ("amends-principal", "crm")))


class Connection:
    """Sends, and throws away what it gets. For one thread."""

    def __init__(self, address, source=ATTACKERS[0], tls=False, http2=True):
        host, _, port = address.rpartition(":")
        plain = socket.create_connection((host, int(port)), timeout=WAIT_S, source_address=(source, 0))
        self._socket = self._handshake(plain, http2) if tls else plain
        self._socket.setblocking(False)
        self.got = b""
        if http2:
            self._begin()

    def _begin(self):
        try:
            self.send(PREFACE + frame(SETTINGS, 0, 0))
        except OSError:
            self.close()
            raise

    @staticmethod
    def _handshake(plain, http2):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_alpn_protocols(["h2"] if http2 else ["http/1.1"])
        secure = context.wrap_socket(plain, do_handshake_on_connect=False)
        try:
            secure.do_handshake()
            return secure
        except BaseException:
            secure.close()
            raise

    def drain(self):
        """OSError when the other side has ended the connection."""
        while True:
            try:
                got = self._socket.recv(1 << 16)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return
            if not got:
                raise ConnectionError("ended by the other side")
            self.got = (self.got + got)[-4096:]

    def send(self, data, seconds=WAIT_S):
        view, ends = memoryview(data), time.monotonic() + seconds
        while view:
            self.drain()
            try:
                view = view[self._socket.send(view[:1 << 16]):]
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                select.select([self._socket], [self._socket], [], 0.01)
                if time.monotonic() > ends:
                    raise ConnectionError("the other side reads nothing") from None

    def close(self):
        with contextlib.suppress(OSError):
            self._socket.close()


class Attacker:
    """Opens connections, and others in the place of those that are cut. `sources` are the addresses it has."""

    def __init__(self, address, tls=False, sources=1, http2=True, more=lambda: True):
        self._address, self._tls, self._http2, self.more = address, tls, http2, more
        self._sources = itertools.cycle(ATTACKERS[:sources])
        self.connections, self.opened, self.refused = [], 0, 0

    def open(self):
        """None when it is not let in."""
        try:
            one = Connection(self._address, next(self._sources), self._tls, self._http2)
        except OSError:
            self.refused += 1
            return None
        self.opened += 1
        self.connections.append(one)
        return one

    def repeat(self, act):
        """Has `act` abuse one connection after another, until it is enough; the sum of what it counts. It is a generator
        that yields how much it has sent."""
        total = 0
        while self.more():
            one = self.open()
            if not one:
                time.sleep(0.02)
                continue
            try:
                for count in act(one):
                    total += count
                    if not self.more():
                        break
            except OSError:
                self.drop(one)
        return total

    def drop(self, one):
        one.close()
        self.connections.remove(one)

    def hold(self, seconds=0.1):
        """Keeps what is open open; how many the other side has not ended."""
        while self.more():
            for one in list(self.connections):
                try:
                    one.drain()
                except OSError:
                    self.drop(one)
            time.sleep(seconds)
        return len(self.connections)

    def close(self):
        for one in self.connections:
            one.close()


# -- the floods: each gets an attacker and tells what was sent -----------------------------------------------------------


def continuation(attacker):
    """A header that never ends."""
    junk = frame(CONTINUATION, 0, 1, b"".join(field(f"k{n}", "v" * 400) for n in range(30)))

    def act(one):
        one.send(frame(HEADERS, 0, 1, CALL))
        while True:
            one.send(junk * 20)
            yield 20 * len(junk)

    return f"{attacker.repeat(act) / 1e6:.0f} MB"


def empty_continuation(attacker):
    """The same without any content."""
    def act(one):
        one.send(frame(HEADERS, 0, 1, CALL))
        while True:
            one.send(frame(CONTINUATION, 0, 1) * 2000)
            yield 2000

    return f"{attacker.repeat(act)} frames"


def rapid_reset(attacker):
    """Streams that are reset at once, so that their number is never too large."""
    def act(one):
        stream = 1
        while True:
            batch = b""
            for _ in range(100):
                batch += frame(HEADERS, END_HEADERS, stream, CALL) + frame(RST_STREAM, 0, stream, CANCEL)
                stream += 2
            one.send(batch)
            yield 100

    return f"{attacker.repeat(act)} streams"


def rapid_calls(attacker):
    """The same with whole requests, whose answers nobody waits for."""
    message = frame(DATA, END_STREAM, 0, bytes(5))

    def act(one):
        stream = 1
        while True:
            batch = b""
            for _ in range(100):
                number = struct.pack(">I", stream)
                batch += (frame(HEADERS, END_HEADERS, stream, CALL) + message[:5] + number + message[9:]
                          + frame(RST_STREAM, 0, stream, CANCEL))
                stream += 2
            one.send(batch)
            yield 100

    return f"{attacker.repeat(act)} calls"


def settings(attacker):
    """Settings and pings that ask for an answer each."""
    batch = (frame(SETTINGS, 0, 0) + frame(PING, 0, 0, bytes(8))) * 500

    def act(one):
        while True:
            one.send(batch)
            yield 1000

    return f"{attacker.repeat(act)} frames"


def at_rest(connections):
    """Calls whose request never comes."""
    def flood(attacker):
        streams = 0
        for _ in range(connections):
            one = attacker.open() if attacker.more() else None
            try:
                if one:
                    one.send(b"".join(frame(HEADERS, END_HEADERS, 2 * n + 1, CALL)
                                      for n in range(STREAMS_OF_A_CONNECTION)))
                    streams += STREAMS_OF_A_CONNECTION
            except OSError:
                attacker.drop(one)
        return f"{streams} streams, {attacker.hold()} connections last"

    return flood


def connections(attacker):
    """As many connections as there can be, with nothing on them."""
    for _ in range(8000):
        if attacker.more():
            attacker.open()
    return f"{attacker.opened} connections, {attacker.refused} refused, {attacker.hold()} last"


def http1(attacker):
    """Requests of HTTP/1.1, one after another on each connection."""
    request = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"

    def act(one):
        while True:
            one.send(request * 50)
            yield 50

    return f"{attacker.repeat(act)} requests"


# name, flood, addresses of the attacker, whether it speaks HTTP/2
FLOODS = (
    ("CONTINUATION frames without end", continuation, 1, True),
    ("CONTINUATION frames without content", empty_continuation, 1, True),
    ("rapid reset", rapid_reset, 1, True),
    ("rapid reset of whole calls", rapid_calls, 1, True),
    ("settings and pings", settings, 1, True),
    ("calls whose request never comes, 10 connections", at_rest(10), 1, True),
    ("calls whose request never comes, 100 connections", at_rest(100), 10, True),
    ("connections", connections, 250, True),
    ("HTTP/1.1 requests", http1, 1, False),
)


# -- measuring ---------------------------------------------------------------------------------------------------------


def resident_mb(pid):
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    for line in lines:
        if line.startswith("VmRSS"):
            return int(line.split()[1]) // 1024
    return 0


class Peak:
    """The most that processes held while it watched: MB by pid."""

    def __init__(self, *pids):
        self.mb = {pid: resident_mb(pid) for pid in pids}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def _watch(self):
        while not self._over.wait(0.1):
            for pid in self.mb:
                self.mb[pid] = max(self.mb[pid], resident_mb(pid))

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()


def other_client_waits(channel):
    """How long a call of another tenant takes; on a connection of its own."""
    started = time.monotonic()
    try:
        api.Client(channel, "IntakeService", tenant="acme", principal="crm").ListCases(timeout_s=WAIT_S)
        return f"{(time.monotonic() - started) * 1000:.0f} ms"
    except Error as error:
        return f"{error.code.name} after {time.monotonic() - started:.0f} s"


def measure(service, front, name, flood, addresses, http2, seconds):
    ends, waited = time.monotonic() + seconds, []
    pids = [service.pid, *([front.process.pid] if front else [])]
    attacker = Attacker(front.address if front else service.address, bool(front), addresses, http2,
                        lambda: time.monotonic() < ends and resident_mb(service.pid) < MOST_MB)
    channel = front.channel() if front else api.channel(service.address)
    other = threading.Timer(seconds / 2, lambda: waited.append(other_client_waits(channel)))
    before = [resident_mb(pid) for pid in pids]
    other.start()
    with Peak(*pids) as peak:
        sent = flood(attacker)
        other.join()
    attacker.close()
    time.sleep(3)
    held = [f"{who} {was} -> {peak.mb[pid]} MB, {resident_mb(pid)} MB after the end"
            for who, pid, was in zip(("service", "HAProxy"), pids, before)]
    print(f"{name}: sent {sent}; {'; '.join(held)}; another client meanwhile: {waited[0]}", flush=True)
    if not front:
        channel.close()


def run_one(environment, flood, through_front, seconds):
    options = ("--trusted-front-loopback", "--insecure-principals")
    with Cluster(environment, redis=False, options=options) as cluster:
        service = cluster.replica("intake")
        front = Front(cluster.folder / "front", cluster) if through_front else contextlib.nullcontext()
        with front as started:
            measure(service, started, *flood, seconds)
        service.kill()


def main():
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--front", action="store_true")
    words.add_argument("--seconds", type=float, default=6.0)
    words.add_argument("--only", default="")
    asked = words.parse_args()
    with tempfile.TemporaryDirectory(dir=paths.state_folder()) as folder:
        Path(folder).chmod(0o755)
        environment = Environment(folder)
        try:
            for flood in FLOODS:
                if asked.only in flood[0]:
                    run_one(environment, flood, asked.front, asked.seconds)
        finally:
            environment.close()


if __name__ == "__main__":
    sys.exit(main())
