from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from parts.mailbox import Mailbox
from tests.notices.receiver import Receiver
from tests.notices.sent_mails import SentMails
from tests.payments.driver import PaymentDriver


@pytest.fixture(scope="session")
def mailbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mailbox]:
    """A real mail server that keeps what it is given."""
    with Mailbox(tmp_path_factory.mktemp("mailbox")) as server:
        yield server


@pytest.fixture
def sent_mails(mailbox: Mailbox) -> SentMails:
    """What the mail server took in this test."""
    sent_mails = SentMails(mailbox.mails)
    sent_mails.burn()
    return sent_mails


@pytest.fixture
def settings(settings: dict[str, str], mailbox: Mailbox, tmp_path: Path) -> dict[str, str]:
    return settings | {"SMTP_URL": mailbox.url, "DATA_DIR": str(mailbox.mails.parent)}


@pytest.fixture
def driver(app: Flask) -> Iterator[PaymentDriver]:
    """A shop with one product, a sandbox account and workers run by hand."""
    with app.app_context():
        yield PaymentDriver(app)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A merchant's endpoint that is up and takes everything."""
    receiver = Receiver()
    yield receiver
    receiver.close()
