"""Handing one mail to the mail server (RFC 5321), with short time-outs."""

from __future__ import annotations

import datetime as dt
import re
import smtplib
import socket
import ssl
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr
from html import unescape
from urllib.parse import unquote, urlsplit

from payments_app.core.deadline import deadline
from payments_app.core.email_addresses import with_ascii_domain

STEP_SECONDS = 8.0
WHOLE_SECONDS = 30.0
_NO_SMTPUTF8 = (
    "The mail server delivers to no address with other letters than A to Z before its @ (it has no "
    "SMTPUTF8): ask for another address"
)
# What a link is known by (core/web/tokens.py), and what no part of one holds.
_TOKEN = re.compile(r"[A-Za-z0-9_-]{32,}")
_NOT_OF_A_TOKEN = re.compile(r"[^A-Za-z0-9_-]|(?<=\n)\d{3}[ -](\d\.\d{1,3}\.\d{1,3} )?")
_ESCAPED = re.compile(r"\\(?:x|u00|u\{|U000000)([0-9a-f]{2})\}?|\\([0-7]{3})", re.IGNORECASE)
_TIMES = 3  # that an escape is looked for in what another one said
_PIECE = 12  # characters: chance does not write so many
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


class MailRefusedError(Exception):
    """The server says that it will never take this mail: trying again is of no use."""


class MailDelayedError(Exception):
    """The server did not take the mail this time, or we do not know whether it did."""


@dataclass(frozen=True)
class OutgoingMail:
    """A mail as it goes out; `key` is unique, and makes its Message-ID."""

    key: str
    sender_name: str
    sender: str
    recipient: str
    subject: str
    text: str
    html: str
    written_at: dt.datetime

    def as_message(self) -> EmailMessage:
        """The message: plain text, with HTML as its other form."""
        message = EmailMessage(policy=SMTP)
        message["From"] = formataddr((self.sender_name, self.sender))
        message["To"] = self.recipient
        message["Subject"] = " ".join(self.subject.split())
        message["Date"] = format_datetime(self.written_at)
        message["Message-ID"] = f"<{self.key}@{self.sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(self.text)
        message.add_alternative(self.html, subtype="html")
        return message


def post(url: str, outgoing: OutgoingMail) -> None:
    """Hand the letter to the server at `url` (`smtp://` or `smtps://`, with user and password
    where it asks for them). All of it travels over TLS only, except on this
    machine: a mail may hold a link that signs in.

    Raises MailRefusedError, MailDelayedError, with the server's words unless they quote a link of
    the mail.
    """
    try:
        _post(url, outgoing)
    except (MailRefusedError, MailDelayedError) as error:
        if not _quotes_a_link(f"{error} {error.__cause__}", outgoing.text):
            raise
        code = str(error)[:3] if str(error)[:3].isdecimal() else "No code"
        raise type(error)(f"{code}: the server's words quote a link of this mail") from None


def _quotes_a_link(words: str, text: str) -> bool:
    """Whether a part of a link's token stands in it, however the server broke its lines, or wrote
    its letters: escaped, in another case, as hex, or as the base64 of a mail's body."""
    words = re.sub(r"\\r|\\n", "\n", words)
    readings = [words]
    for _ in range(_TIMES):
        readings.append(_ESCAPED.sub(_unescaped, unescape(unquote(readings[-1]))))
    said = [_NOT_OF_A_TOKEN.sub("", reading).casefold() for reading in readings]
    return any(
        written[at : at + _PIECE].casefold() in reading
        for token in _TOKEN.findall(text)
        for written in (token, token.encode().hex(), *_in_base64(token))
        for at in range(len(written) - _PIECE + 1)
        for reading in said
    )


def _unescaped(found: re.Match[str]) -> str:
    return chr(int(found[1], 16) if found[1] else int(found[2], 8))


def _in_base64(token: str) -> Iterator[str]:
    """What stands for it wherever it begins among three bytes; without the ends, where others'
    bits are."""
    for before in range(3):
        yield b64encode(b"\0" * before + token.encode()).decode()[4:-4]


def _post(url: str, outgoing: OutgoingMail) -> None:
    sender, recipient = map(with_ascii_domain, (outgoing.sender, outgoing.recipient))
    outgoing = replace(outgoing, sender=sender, recipient=recipient)
    try:
        _converse(url, outgoing)
    except smtplib.SMTPRecipientsRefused as error:
        code, words = error.recipients[outgoing.recipient]
        raise _verdict(code, words) from error
    except smtplib.SMTPResponseException as error:
        raise _verdict(error.smtp_code, error.smtp_error) from error
    except smtplib.SMTPNotSupportedError as error:
        raise MailRefusedError(str(error)) from error
    except (smtplib.SMTPException, OSError) as error:
        raise MailDelayedError(f"{type(error).__name__}: {error}") from error
    except ValueError as error:  # it is no address; a wrong certificate is an OSError as well
        raise MailRefusedError(str(error)) from error


def _converse(url: str, outgoing: OutgoingMail) -> None:
    parts = urlsplit(url)
    host, implicit = parts.hostname or "localhost", parts.scheme == "smtps"
    port = parts.port or (465 if implicit else 25)
    context = ssl.create_default_context()
    connection = socket.create_connection((host, port), STEP_SECONDS)
    with closing(connection), deadline(connection, WHOLE_SECONDS):
        if implicit:
            connection = context.wrap_socket(connection, server_hostname=host)
        with _greeted(host, connection) as server:
            server.ehlo_or_helo_if_needed()
            if not implicit and server.has_extn("starttls"):
                server.starttls(context=context)
            elif not implicit and host not in _LOOPBACK:
                raise smtplib.SMTPNotSupportedError("no STARTTLS: nothing is sent")
            if parts.username:
                server.login(unquote(parts.username), unquote(parts.password or ""))
            if not outgoing.recipient.isascii() and not server.has_extn("smtputf8"):
                raise smtplib.SMTPNotSupportedError(_NO_SMTPUTF8)
            server.send_message(outgoing.as_message(), outgoing.sender, [outgoing.recipient])


def _greeted(host: str, connection: socket.socket) -> smtplib.SMTP:
    """A conversation that the server has begun. smtplib would connect and read the greeting by
    itself, before any limit of ours."""
    server = smtplib.SMTP(timeout=STEP_SECONDS)
    server.sock, server._host = connection, host  # type: ignore[attr-defined] # for STARTTLS
    code, words = server.getreply()
    if code != 220:
        server.close()
        raise smtplib.SMTPConnectError(code, words)
    return server


def _verdict(code: int, words: bytes | str) -> MailRefusedError | MailDelayedError:
    said = words.decode(errors="replace") if isinstance(words, bytes) else words
    kind = MailRefusedError if 500 <= code < 600 else MailDelayedError
    return kind(f"{code} {said}"[:300])
