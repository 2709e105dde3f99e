# SPDX-License-Identifier: Apache-2.0
"""How fast this machine is, so that figures of two runs can be told apart from two machines."""

import hashlib
import os
import socket
import threading
import time

SECONDS = 1.0


def _repeat(action):
    """(times, seconds) of as many actions as fit."""
    begin = time.perf_counter()
    times = 0
    while time.perf_counter() - begin < SECONDS:
        action()
        times += 1
    return times, time.perf_counter() - begin


def sha256_mb_per_second():
    block = bytes(1 << 20)
    times, seconds = _repeat(lambda: hashlib.sha256(block).digest())
    return times / seconds


def fsyncs_per_second(folder):
    """8 KiB written over and over with fdatasync, as the database's log is."""
    path = folder / "fsync.probe"
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        os.pwrite(file, bytes(1 << 20), 0)
        os.fsync(file)

        def once():
            os.pwrite(file, bytes(8192), 0)
            os.fdatasync(file)

        times, seconds = _repeat(once)
        return times / seconds
    finally:
        os.close(file)
        path.unlink()


def ping_us():
    """One byte to a thread and back over TCP on 127.0.0.1."""
    server = socket.create_server(("127.0.0.1", 0))
    client = socket.create_connection(server.getsockname())
    peer, _ = server.accept()
    server.close()
    for one in (client, peer):
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def echo():
        while data := peer.recv(1):
            peer.send(data)

    thread = threading.Thread(target=echo)
    thread.start()

    def once():
        client.send(b"x")
        client.recv(1)

    times, seconds = _repeat(once)
    client.close()
    thread.join()
    peer.close()
    return seconds / times * 1e6


def calibrate(folder):
    return {"cores": os.cpu_count(),
            "sha256_mb_per_s": round(sha256_mb_per_second()),
            "fsync_per_s": round(fsyncs_per_second(folder)),
            "loopback_ping_us": round(ping_us(), 1),
            "load_average": os.getloadavg()[0]}
