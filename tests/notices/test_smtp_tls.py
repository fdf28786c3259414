"""A mail and its password travel over TLS, to a server whose certificate is trusted."""

from __future__ import annotations

import datetime as dt
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword

from parts.nginx import make_certificate
from parts.ports import LOOPBACK, free_port
from payments_app.notices.smtp import MailDelayedError, MailRefusedError, OutgoingMail, post

LETTER = OutgoingMail(
    key="receipt_1",
    sender_name="Shop",
    sender="shop@example.com",
    recipient="ada@example.com",
    subject="Your receipt",
    text="Thank you",
    html="<p>Thank you</p>",
    written_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
)


class Kept:
    """What came, and whether its line was encrypted and its sender had signed in."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, bool, bool]] = []

    async def handle_DATA(self, _server: Any, session: Any, envelope: Envelope) -> str:
        encrypted = self.implicit or session.ssl is not None
        self.mails.append((envelope.rcpt_tos[0], encrypted, session.authenticated))
        return "250 kept"

    implicit = False


def _is_ada(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
    return AuthResult(success=given == LoginPassword(b"ada", b"p@ss"), handled=False)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))


@contextmanager
def server(certificate: Path, kept: Kept, *, implicit: bool) -> Iterator[int]:
    """A mail server that asks for a password, on a port of its own."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("privkey.pem"))
    kept.implicit = implicit
    tls = {"ssl_context": context} if implicit else {"tls_context": context}
    controller = Controller(
        kept,
        hostname=LOOPBACK,
        port=free_port(),
        server_hostname="localhost",
        auth_required=not implicit,
        auth_require_tls=not implicit,
        require_starttls=not implicit,
        authenticator=_is_ada,
        **tls,
    )
    controller.start()
    yield controller.port
    controller.stop()


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_mail_goes_out_encrypted_after_signing_in(certificate: Path, scheme: str) -> None:
    kept = Kept()
    with server(certificate, kept, implicit=scheme == "smtps") as port:
        post(f"{scheme}://ada:p%40ss@localhost:{port}", LETTER)
    assert kept.mails == [("ada@example.com", True, True)]


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_server_with_an_unknown_certificate_gets_nothing(certificate: Path, scheme: str) -> None:
    kept = Kept()
    with (
        server(certificate, kept, implicit=scheme == "smtps") as port,
        pytest.raises(MailDelayedError, match="CERTIFICATE_VERIFY_FAILED"),
    ):
        post(f"{scheme}://ada:p%40ss@localhost:{port}", LETTER)
    assert kept.mails == []


@pytest.mark.usefixtures("trusted")
def test_a_wrong_password_is_refused_for_good(certificate: Path) -> None:
    kept = Kept()
    with (
        server(certificate, kept, implicit=False) as port,
        pytest.raises(MailRefusedError, match="535"),
    ):
        post(f"smtp://ada:wrong@localhost:{port}", LETTER)
    assert kept.mails == []
