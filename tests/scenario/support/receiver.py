# SPDX-License-Identifier: Apache-2.0
"""A receiver of webhooks. It shares no code with what it checks: signatures are checked by Python's own means.

    with Receiver() as receiver:
        receiver.answer = lambda got: (500, {}, "no")      # a status, headers and a body for what came
        ...
        receiver.wait_for(3)                               # deliveries that were answered 2xx
"""

import base64
import hashlib
import hmac
import http.server
import json
import socketserver
import threading
import time

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from harness.process import wait_until


class Got:
    """One request."""

    def __init__(self, headers, body):
        self.headers = {name.lower(): value for name, value in headers.items()}
        self.body = body
        self.id = self.headers.get("webhook-id")
        self.at = time.monotonic()
        self.event = json.loads(body)
        self.status = None

    @property
    def type(self):
        return self.event["type"].removeprefix("amends.v1.").removeprefix("EVENT_KIND_")

    @property
    def case(self):
        return self.event.get("subject")

    @property
    def sequence(self):
        return int(self.event.get("sequence", 0))

    @property
    def out_of_order(self):
        return self.event.get("amendsoutoforder", False)

    def signed_by(self, secret):
        """Whether one of the signatures is by this secret, "whsec_..." or "whpk_..."."""
        signed = f"{self.id}.{self.headers['webhook-timestamp']}.".encode() + self.body
        kind, _, key = secret.partition("_")
        key = base64.b64decode(key)
        for one in self.headers["webhook-signature"].split(" "):
            version, _, text = one.partition(",")
            signature = base64.b64decode(text)
            if kind == "whsec" and version == "v1":
                if hmac.compare_digest(hmac.new(key, signed, hashlib.sha256).digest(), signature):
                    return True
            if kind == "whpk" and version == "v1a":
                try:
                    Ed25519PublicKey.from_public_bytes(key).verify(signature, signed)
                    return True
                except InvalidSignature:
                    pass
        return False


def take(_got):
    return 200, {}, ""


class Receiver:
    """Answers on a port of 127.0.0.1, in threads."""

    def __init__(self, port=0):
        self.got = []
        self.answer = take
        self._lock = threading.Lock()
        self._now = self.most_at_once = 0
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):  # pylint: disable=invalid-name
                receiver.handle(self)

            def log_message(self, *_):
                pass

        class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
            daemon_threads = True
            request_queue_size = 128

        self.server = Server(("127.0.0.1", port), Handler)
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/hook"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def handle(self, handler):
        body = handler.rfile.read(int(handler.headers["content-length"]))
        got = Got(handler.headers, body)
        with self._lock:
            self.got.append(got)
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        try:
            status, headers, text = self.answer(got)
            if status is None:
                handler.close_connection = True
                return
            # It is over before the answer goes out: the next request may come at once.
            with self._lock:
                self._now -= 1
            got.status = status
            handler.send_response(status)
            for name, value in headers.items():
                handler.send_header(name, value)
            data = text if isinstance(text, bytes) else text.encode()
            handler.send_header("content-length", str(len(data)))
            handler.end_headers()
            handler.wfile.write(data)
        except OSError:
            handler.close_connection = True
        finally:
            if got.status is None:
                with self._lock:
                    self._now -= 1

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # --- what came ---

    def taken(self):
        """What was answered 2xx, in the order in which it came."""
        return [one for one in list(self.got) if one.status and one.status // 100 == 2]

    def events(self):
        """The same without repeats."""
        seen, first = set(), []
        for one in self.taken():
            if one.id not in seen:
                seen.add(one.id)
                first.append(one)
        return first

    def wait_for(self, n, seconds=30):
        wait_until(lambda: len(self.events()) >= n, f"{n} deliveries, not {len(self.events())}", seconds)
        return self.events()


def in_order(events):
    """Whether the events of each case came in order, but for those that say that they are not."""
    last = {}
    for one in events:
        if one.sequence and not one.out_of_order:
            if one.sequence <= last.get(one.case, 0):
                return False
            last[one.case] = one.sequence
    return True
