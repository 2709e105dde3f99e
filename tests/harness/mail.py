# SPDX-License-Identifier: Apache-2.0
"""Mail servers of a test's own, on loopback.

    with MailServer() as server:                          # aiosmtpd, from Debian's package
        make_cluster(smtp=server.url)
        server.wait(1)
        server.mails[0].message["Subject"]

`MailServer` takes TLS from the first byte on (`tls=pair`), STARTTLS (`starttls=pair`) and a login (`login=(user,
password)`), and refuses as it is told. `BrokenServer` speaks by hand and does something wrong at one step of the
dialogue: it hangs, ends the connection, sends another code, or is slow.
"""

import email
import email.policy
import socket
import ssl
import threading
import time

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

PATIENCE_S = 60


class Mail:
    """What the server took over: the envelope, the bytes, and the message that they are."""

    def __init__(self, envelope):
        self.sender, self.recipients = envelope.mail_from, list(envelope.rcpt_tos)
        self.content = envelope.original_content
        self.message = email.message_from_bytes(self.content, policy=email.policy.default)

    @property
    def text(self):
        return self.message.get_content()


def context_of(pair):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.cert, pair.key)
    return context


class _Controller(Controller):
    def __init__(self, server, **more):
        self._server, self._more = server, more
        super().__init__(server, hostname="127.0.0.1", port=0, ssl_context=more.pop("at_once"))

    def factory(self):
        return SMTP(self.handler, hostname="mail.test", **self._more)

    def _trigger_server(self):
        """The port is chosen by the system; the controller's own look at it needs to know it."""
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


class MailServer:
    def __init__(self, tls=None, starttls=None, login=None):
        self._scheme = "smtps" if tls else "smtp"
        self._login = login
        self._lock, self._mails = threading.Condition(), []
        self.refuse_recipient = self.refuse_content = None  # a line such as "550 no such user"
        self.hellos = 0
        self.logins = []
        self._controller = _Controller(
            self, at_once=context_of(tls) if tls else None,
            tls_context=context_of(starttls) if starttls else None, require_starttls=starttls is not None,
            authenticator=self._authenticate if login else None, auth_required=login is not None,
            auth_require_tls=starttls is not None)

    def __enter__(self):
        self._controller.start()
        return self

    def __exit__(self, *_):
        self._controller.stop()

    @property
    def port(self):
        return self._controller.port

    @property
    def url(self):
        return f"{self._scheme}://127.0.0.1:{self.port}"

    @property
    def mails(self):
        with self._lock:
            return list(self._mails)

    def wait(self, n, patience_s=PATIENCE_S):
        """The mails, once there are at least n of them."""
        with self._lock:
            assert self._lock.wait_for(lambda: len(self._mails) >= n, patience_s), \
                f"{len(self._mails)} mails came, not {n}"
            return list(self._mails)

    # What aiosmtpd calls.

    def _authenticate(self, _server, _session, _envelope, _mechanism, data):
        good = isinstance(data, LoginPassword) and \
            (data.login.decode(), data.password.decode()) == self._login
        self.logins.append(good)
        return AuthResult(success=good, handled=False)

    async def handle_EHLO(self, _server, session, _envelope, hostname, responses):
        session.host_name = hostname
        self.hellos += 1
        self.hello = hostname
        return responses

    async def handle_RCPT(self, _server, _session, envelope, address, _options):
        refuse = self.refuse_recipient
        line = refuse(address) if callable(refuse) else refuse
        if line:
            return line
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope):
        refuse = self.refuse_content
        line = refuse(Mail(envelope)) if callable(refuse) else refuse
        if line:
            return line
        with self._lock:
            self._mails.append(Mail(envelope))
            self._lock.notify_all()
        return "250 taken"


STEPS = ("greeting", "EHLO", "MAIL", "RCPT", "DATA", "content", "QUIT")
USUAL = {"greeting": "220 mail.test", "EHLO": "250 mail.test", "MAIL": "250 ok", "RCPT": "250 ok", "DATA": "354 go on",
         "content": "250 taken", "QUIT": "221 bye"}


class BrokenServer:
    """Does `how` at one step: "hang", "close", "slow" (an answer letter by letter), or a line to answer with. With `at`, a
    tuple of numbers, only at those of all times that a client comes to the step, counted from 1."""

    def __init__(self, step=None, how=None, pause_s=0.02, at=None):
        self.step, self.how, self._pause_s, self._at, self._times = step, how, pause_s, at, 0
        self._ending = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.url = f"smtp://127.0.0.1:{self.port}"
        self._threads, self.contents, self.connections = [], [], 0

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._ending.set()
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            with connection, connection.makefile("rb") as lines:
                self._talk(connection, lines)
        except OSError:
            pass

    def _talk(self, connection, lines):
        step = "greeting"
        while self._answer(connection, step) and step != "QUIT":
            if step == "DATA" and (self.step != "DATA" or self.how == "slow"):
                self.contents.append(b"".join(iter(lines.readline, b".\r\n")))
                step = "content"
                continue
            line = lines.readline()
            if not line:
                return
            step = line.split()[0].decode().upper().replace("HELO", "EHLO")
            if step not in STEPS:
                connection.sendall(b"502 not known\r\n")
                return

    def _how_at(self, step):
        if step != self.step:
            return None
        self._times += 1
        return self.how if self._at is None or self._times in self._at else None

    def _answer(self, connection, step):
        """Whether the dialogue goes on."""
        how = self._how_at(step)
        if how == "hang":
            self._ending.wait()
        if how in ("hang", "close"):
            return False
        text = (how if how not in (None, "slow") else USUAL[step]) + "\r\n"
        for part in text if how == "slow" else [text]:
            connection.sendall(part.encode())
            if how == "slow":
                time.sleep(self._pause_s)
        return True
