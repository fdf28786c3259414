from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from parts.mailbox import Mailbox
from tests.notices.receiver import Receiver
from tests.notices.sent_mails import Letters
from tests.payments.driver import Till


@pytest.fixture(scope="session")
def mailbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mailbox]:
    """A real mail server that keeps what it is given."""
    with Mailbox(tmp_path_factory.mktemp("mailbox")) as server:
        yield server


@pytest.fixture
def letters(mailbox: Mailbox) -> Letters:
    """What the mail server took in this test."""
    letters = Letters(mailbox.mails)
    letters.burn()
    return letters


@pytest.fixture
def settings(settings: dict[str, str], mailbox: Mailbox, tmp_path: Path) -> dict[str, str]:
    return settings | {"SMTP_URL": mailbox.url, "DATA_DIR": str(mailbox.mails.parent)}


@pytest.fixture
def till(app: Flask) -> Iterator[Till]:
    """A shop with one product, a sandbox account and workers run by hand."""
    with app.app_context():
        yield Till(app)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A merchant's endpoint that is up and takes everything."""
    receiver = Receiver()
    yield receiver
    receiver.close()
