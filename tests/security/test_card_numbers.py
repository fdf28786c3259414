"""No free text of staff or of a merchant keeps a card's number."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.accounts.desk import Browser, Desk
from tests.security.card_texts import CARDS
from tests.staff.files import Files

pytestmark = pytest.mark.portable


@pytest.fixture
def desk(app: Flask) -> Desk:
    return Desk(app)


@pytest.fixture
def refunder(desk: Desk) -> Browser:
    return desk.signed_in("refunder")


@pytest.fixture
def files(app: Flask) -> Files:
    return Files(app)


@pytest.mark.parametrize("text", CARDS.values(), ids=CARDS)
def test_a_note_with_a_card_number_is_refused(
    desk: Desk, refunder: Browser, files: Files, text: str
) -> None:
    id_ = files.payment()
    answer = refunder.post(f"/staff/payments/{id_}/notes", text=f"They said {text}, thanks")
    assert answer.status_code == 422
    assert "looks like a card number" in answer.text
    assert desk.entries("staff.note") == []


@pytest.mark.parametrize("text", CARDS.values(), ids=CARDS)
def test_a_refund_s_reason_with_a_card_number_is_refused(
    desk: Desk, refunder: Browser, files: Files, text: str
) -> None:
    address = f"/staff/payments/{files.payment()}/refunds"
    answer = refunder.post(address, address, amount="5.00", reason=text, key="k")
    assert answer.status_code == 422
    assert "looks like a card number" in answer.text
    assert desk.entries("refund.requested") == []
