# SPDX-License-Identifier: Apache-2.0
"""`amends mail`: an operator sees whether the mail server takes a mail, and what it says."""

import os
import subprocess

import pytest

from harness import paths
from harness.certificates import LOCAL, Authority
from harness.mail import BrokenServer, MailServer

TO = ("--to", "ops@company.example")
FROM = ("--mail-from", "amends@company.example")


def amends_mail(*words, env=None):
    return subprocess.run([paths.program("amends"), "mail", *map(str, words)], capture_output=True, text=True, check=False,
                          timeout=60, env={**os.environ, **(env or {})})


def test_the_server_takes_it_and_the_dialogue_is_shown(tmp_path):
    authority = Authority(tmp_path / "ca")
    (tmp_path / "password").write_text("Xq7secret\n")
    with MailServer(starttls=authority.issue("mail", *LOCAL), login=("amends", "Xq7secret")) as server:
        done = amends_mail(*TO, env={"AMENDS_SMTP_URL": server.url, "AMENDS_SMTP_USER": "amends",
                                     "AMENDS_SMTP_PASSWORD_FILE": str(tmp_path / "password"),
                                     "AMENDS_SMTP_CA": str(authority.cert), "AMENDS_MAIL_FROM": "amends@company.example"})
        assert done.returncode == 0, done
        lines = done.stdout.splitlines()
        assert lines[-1] == "the server took it: content: 250 taken"
        for line in ("> STARTTLS", "> AUTH ...", "> RCPT TO:<ops@company.example>", "< 250 taken"):
            assert line in lines
        assert "Xq7secret" not in done.stdout + done.stderr
        mail, = server.mails
        assert mail.message["Subject"] == "A test of the mail server"
        assert mail.message["From"] == "Amends <amends@company.example>"


@pytest.mark.parametrize("line, begin", [("550 5.1.1 no such user", "refused for good: recipient: 550 5.1.1"),
                                         ("450 4.2.1 busy", "not now, it would be tried again: recipient: 450 4.2.1")])
def test_a_refusal_is_told(line, begin):
    with MailServer() as server:
        server.refuse_recipient = line
        done = amends_mail(*TO, *FROM, "--smtp-url", server.url)
        assert done.returncode == 1
        assert done.stdout.splitlines()[-1].startswith(begin)


def test_a_server_that_hangs_is_not_waited_for_long():
    with BrokenServer("greeting", "hang") as server:
        done = amends_mail(*TO, *FROM, "--smtp-url", server.url, "--smtp-timeout-ms", 1000)
        assert done.returncode == 1
        assert done.stdout.startswith("not now, it would be tried again: connection: ")


@pytest.mark.parametrize("words, part", [
    ((), "--smtp-url: is missing"),
    (("--smtp-url", "mail.company.example"), "--smtp-url: begins with neither smtp:// nor smtps://"),
    (("--smtp-url", "smtp://mail.company.example"), "--mail-from: is missing"),
    (("--smtp-url", "smtp://mail.company.example", *FROM, "--smtp-user", "a"), "--smtp-password-file: is missing"),
])
def test_half_a_configuration_is_refused(words, part):
    done = amends_mail(*TO, *words)
    assert done.returncode == 2
    assert part in done.stderr


def test_an_address_that_is_none_is_refused():
    done = amends_mail("--smtp-url", "smtp://127.0.0.1:1", *FROM, "--to", "a@b>\r\nDATA")
    assert done.returncode == 2
    assert "--to: is no address of mail" in done.stderr
