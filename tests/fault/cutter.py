# SPDX-License-Identifier: Apache-2.0
"""A TCP relay that can be cut: what went one way has arrived, what was to come back has not."""

import contextlib
import selectors
import socket
import threading

from harness.process import free_port

CHUNK = 1 << 16


class Relay:
    """Relays 127.0.0.1:port to `target` (a TCP address or a unix socket's path); `cut` breaks every
    connection at once, `swallow` first lets requests pass and keeps the answers."""

    def __init__(self, target):
        self._target = target
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._pairs = {}  # socket: its peer
        self._clients = set()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._lock = threading.Lock()
        self._swallowing = False
        self._closed = False
        self.swallowed = 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _connect(self):
        if isinstance(self._target, str) and self._target.startswith("/"):
            peer = socket.socket(socket.AF_UNIX)
            peer.connect(self._target)
            return peer
        host, _, port = self._target.rpartition(":")
        return socket.create_connection((host, int(port)), 5)

    def _accept(self):
        client, _ = self._listener.accept()
        try:
            server = self._connect()
        except OSError:
            client.close()
            return
        with self._lock:
            self._clients.add(client)
            for one, other in ((client, server), (server, client)):
                self._pairs[one] = other
                self._selector.register(one, selectors.EVENT_READ)

    def _drop(self, one):
        """With a reset, so that nobody takes it for an orderly end."""
        other = self._pairs.get(one)
        for each in (one, other):
            if self._pairs.pop(each, None) is not None:
                self._clients.discard(each)
                self._selector.unregister(each)
                with contextlib.suppress(OSError):
                    each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                each.close()

    def _pass(self, one):
        try:
            data = one.recv(CHUNK)
        except OSError:
            data = b""
        with self._lock:
            if one not in self._pairs:
                return
            if not data:
                self._drop(one)
            elif self._swallowing and one not in self._clients:
                self.swallowed += len(data)
            else:
                with contextlib.suppress(OSError):
                    self._pairs[one].sendall(data)

    def _run(self):
        while not self._closed:
            for key, _ in self._selector.select(0.1):
                if key.fileobj is self._listener:
                    self._accept()
                else:
                    self._pass(key.fileobj)

    def swallow(self):
        """From now on answers are lost, until `cut`."""
        with self._lock:
            self._swallowing = True

    def cut(self):
        with self._lock:
            for client in list(self._clients):
                self._drop(client)
            self._swallowing = False

    def close(self):
        self._closed = True
        self._thread.join(5)
        self.cut()
        self._listener.close()
        self._selector.close()
