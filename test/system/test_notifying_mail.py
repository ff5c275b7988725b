# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Notices to a real mail server on this machine, with and without TLS."""

from __future__ import annotations

import email
import socket
import ssl
from email.policy import default

import pytest
import trustme

from emo_music_ros.errors import InputError
from emo_music_ros.notifying.base import CALL, ESCALATED, Notice
from emo_music_ros.notifying.mail import PASSWORD, Mail

controller = pytest.importorskip(
    "aiosmtpd.controller", reason="aiosmtpd is not installed: pip install aiosmtpd"
)

NOTICE = Notice(7, CALL, "请去看看：12 号房间。", 1_790_000_000.0)


class Post:
    """Keeps what is sent."""

    def __init__(self) -> None:
        self.letters = []

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - its name there
        letter = email.message_from_bytes(envelope.content, policy=default)
        self.letters.append((envelope.rcpt_tos, letter, session.ssl is not None))
        return "250 OK"


def check(server, session, envelope, mechanism, given):
    from aiosmtpd.smtp import AuthResult

    known = given.login == b"robot" and given.password == b"right"
    return AuthResult(success=known, handled=False)


@pytest.fixture
def authority(monkeypatch, tmp_path):
    """Make an authority that this machine trusts."""
    made = trustme.CA()
    made.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    return made


@pytest.fixture
def post(authority):
    """Run a server that takes mail only after STARTTLS and the password."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    taken = Post()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        taken.port = free.getsockname()[1]
    running = controller.Controller(
        taken,
        hostname="127.0.0.1",
        port=taken.port,
        tls_context=context,
        require_starttls=True,
        auth_required=True,
        auth_exclude_mechanism=["LOGIN"],
        authenticator=check,
    )
    running.start()
    yield taken
    running.stop()


def mail(port, **options):
    plain = {"host": "127.0.0.1", "port": port, "sender": "robot@home.org", "timeout": 10.0}
    return Mail(Mail.Options(**{**plain, "to": ["carl@home.org"], **options}))


def test_a_notice_arrives_by_starttls_with_the_password(post, monkeypatch):
    monkeypatch.setenv(PASSWORD, "right")
    mail(post.port, user="robot").send(NOTICE)
    ((to, letter, encrypted),) = post.letters
    assert encrypted
    assert to == ["carl@home.org"]
    assert letter["Subject"] == NOTICE.text
    assert letter.get_content().strip() == NOTICE.text


def test_an_escalation_goes_to_more_people(post, monkeypatch):
    monkeypatch.setenv(PASSWORD, "right")
    sender = mail(post.port, user="robot", escalation_to=["chief@home.org"])
    sender.send(Notice(7, ESCALATED, "x", 0.0))
    assert post.letters[0][0] == ["carl@home.org", "chief@home.org"]


def test_a_wrong_password_is_told_and_not_shown(post, monkeypatch):
    monkeypatch.setenv(PASSWORD, "hunter2")
    with pytest.raises(InputError, match="does not take the password") as refused:
        mail(post.port, user="robot").send(NOTICE)
    assert "hunter2" not in str(refused.value)


def test_a_server_that_nobody_vouches_for_gets_no_password(post, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE")
    monkeypatch.setenv(PASSWORD, "right")
    with pytest.raises(InputError, match="SSLCertVerificationError"):
        mail(post.port, user="robot").send(NOTICE)
    assert not post.letters


def test_a_password_needs_encryption_beyond_this_machine(monkeypatch):
    monkeypatch.setenv(PASSWORD, "right")
    with pytest.raises(InputError, match="in the clear"):
        mail(25, host="mail.invalid", security="none", user="robot").send(NOTICE)


def test_what_is_missing_or_no_address_is_told(post):
    for wrong in ({"to": []}, {"sender": ""}, {"host": ""}, {"to": ["a@b\nBcc: c@d"]}):
        with pytest.raises(InputError):
            mail(post.port, **wrong).send(NOTICE)
    assert not post.letters


def test_a_server_that_is_away_is_told(post):
    with pytest.raises(InputError, match="does not take the mail"):
        mail(1).send(NOTICE)
