# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Notices by e-mail."""

from __future__ import annotations

import contextlib
import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate
from typing import ClassVar

from emo_music_ros.errors import InputError
from emo_music_ros.notifying.base import ESCALATED, Notice
from emo_music_ros.notifying.secrets import guard, secret
from emo_music_ros.options import option

PASSWORD = "EMO_MUSIC_EMAIL_PASSWORD"


class Mail:
    """Sends one line to every address, by STARTTLS unless told otherwise."""

    tells_end: ClassVar[bool] = False

    @dataclass(frozen=True)
    class Options:
        """By which server, from whom, to whom."""

        host: str = option("", "server that sends mail (SMTP)")
        port: int = option(587, "its port", low=1, high=65535)
        security: str = option(
            "starttls", "how the connection is encrypted", choices=("starttls", "tls", "none")
        )
        user: str = option("", "name to sign in with; empty = without")
        password_file: str = option(
            "", f"file, mode 600, with the password; empty = the variable {PASSWORD}"
        )
        sender: str = option("", "address it comes from")
        to: list[str] = option([], "addresses of those who look in")
        escalation_to: list[str] = option([], "addresses, besides those, when nobody has answered")
        timeout: float = option(15.0, "longest wait for any answer [s]", low=0.1, high=120.0)

    def __init__(self, options: Options) -> None:
        self.options = options

    def send(self, notice: Notice) -> None:
        """Send a notice; see `Notifier`."""
        options = self.options
        to = [*options.to, *(options.escalation_to if notice.what == ESCALATED else [])]
        if not options.host or not options.sender or not to:
            raise InputError("no mail can be sent", "Give email.host, email.sender and email.to")
        password = secret(PASSWORD, options.password_file)
        if options.user and password:
            guard(options.host, options.security != "none", "Set email.security to starttls")
        try:
            message = EmailMessage()
            message["From"], message["To"] = options.sender, ", ".join(to)
            message["Subject"] = notice.text
            message["Date"] = formatdate(notice.time)
            message["Auto-Submitted"] = "auto-generated"
            message.set_content(notice.text)
        except ValueError:
            raise InputError("an address of email.* is none", "Correct sender and to") from None
        try:
            with contextlib.closing(self._connected()) as server:
                if options.user and password:
                    server.login(options.user, password)
                server.send_message(message)
                with contextlib.suppress(smtplib.SMTPException, OSError):
                    server.quit()  # it was taken, however they part
        except smtplib.SMTPAuthenticationError:
            raise InputError(
                f"{options.host} does not take the password", "Correct email.user and the password"
            ) from None
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise InputError(
                f"{options.host} does not take the mail ({type(error).__name__})",
                "Start it, or correct email.*; it is tried again by itself",
            ) from None

    def _connected(self) -> smtplib.SMTP:
        options, context = self.options, ssl.create_default_context()
        if options.security == "tls":
            return smtplib.SMTP_SSL(
                options.host, options.port, timeout=options.timeout, context=context
            )
        server = smtplib.SMTP(options.host, options.port, timeout=options.timeout)
        try:
            if options.security == "starttls":
                server.starttls(context=context)
        except Exception:
            server.close()
            raise
        return server
