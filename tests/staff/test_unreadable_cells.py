"""A cell that can't be made is marked, and what was given back is shown whatever its row holds."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import JSON
from sqlalchemy.orm import Session

from payments_app.core.db.clock import utcnow
from payments_app.core.db.ids import new_id, reference
from payments_app.core.db.session import atomic
from payments_app.gateway.declines import buyer_sentence, decline_policy, public_code
from payments_app.ledger.post_dispute import post_dispute
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.refunds.models import Refund
from payments_app.payments.unmatched import UnmatchedObject
from payments_app.staff.detail import COLUMNS, MARK, detail_of
from tests.accounts.staff_driver import StaffDriver
from tests.ledger.concurrency import claim
from tests.staff.odd_rows import ODD_ERRORS
from tests.staff.stored_payments import StoredPayments

pytestmark = pytest.mark.portable


def row_of(**values: Any) -> Any:
    """A row that no database of ours would hold."""
    empty: dict[str, Any] = dict.fromkeys(column.key for column in COLUMNS)
    now = utcnow()
    usual = {"id": new_id("txn"), "version": 1, "phase": "complete", "state": "complete"}
    usual |= {"amount": 1099, "currency": "usd", "created_at": now, "attempt": 1, "email": "a@b.c"}
    usual["paid"] = usual["amount"]
    return SimpleNamespace(**{**empty, **usual, **values})


@pytest.mark.parametrize(
    ("values", "cell", "text"),
    [
        ({"phase": "on_hold"}, "status", "On hold"),
        ({"phase": None}, "status", MARK),
        ({"currency": "usdc"}, "amount", "10.99 USDC"),
        ({"currency": None}, "amount", MARK),
        ({"amount": None}, "amount", MARK),
        ({"amount": "1099"}, "amount", MARK),
        ({"id": None}, "reference", MARK),
        ({"created_at": None}, "created_at", None),
        ({"created_at": "yesterday"}, "created_at", None),
        ({"error_code": 7, "phase": "failed", "state": "failed"}, "reason", MARK),
    ],
)
def test_a_cell_that_can_not_be_made_is_marked(
    values: dict[str, Any], cell: str, text: str | None
) -> None:
    detail = detail_of(row_of(**values))
    assert getattr(detail, cell) == text
    named = [each.partition(":")[0] for each in detail.unreadable]
    assert (cell in named) == (text in (MARK, None))


@pytest.mark.parametrize("error", ODD_ERRORS)
def test_an_odd_error_is_no_decline_and_has_a_sentence(error: Any) -> None:
    decline_policy(error)
    assert buyer_sentence(error, "failed")[1]
    assert isinstance(public_code(error), str)


@atomic
def give_back(session: Session, transaction_id: str, said: Any) -> str:
    """A refund, a dispute and one that was set aside, in rows that somebody mended by hand."""
    shared = {"transaction_id": transaction_id, "amount": 100, "currency": "usd"}
    session.add(Refund(**shared, reason="odd", requested_by="ada", stripe_data=said))
    dispute = Dispute(
        **shared,
        stripe_dispute_id=new_id("dp"),
        state="needs_response",
        funds="none",
        reason="fraudulent",
        opened_at=utcnow(),
        stripe_data=said,
    )
    session.add(dispute)
    session.add(UnmatchedObject(stripe_id=new_id("re"), kind="refund", stripe_data=said))
    session.flush()
    return dispute.id


@pytest.mark.parametrize("said", [5, True, "text", ["a"], JSON.NULL], ids=repr)
def test_what_was_given_back_is_shown_whatever_its_row_holds(
    staff_driver: StaffDriver, stored_payments: StoredPayments, said: Any
) -> None:
    admin = staff_driver.signed_in("admin")
    other, id_ = stored_payments.payment(), stored_payments.payment()
    staff_driver.do(give_back, other, {"status": "needs_response"})
    dispute = staff_driver.do(give_back, id_, said)
    page = admin.get(f"/staff/payments/{id_}")
    assert (page.status_code, "$1.00" in page.text) == (200, True)
    page = admin.get("/staff/disputes")
    assert page.status_code == 200
    assert {reference(other), reference(id_)} <= set(re.findall(r"\w{4}-\w{4}", page.text))
    staff_driver.do(post_dispute, dispute, claim(dispute))
