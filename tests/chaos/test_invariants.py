"""The auditor itself: books that break an invariant are told, and those that hold it are not."""

from __future__ import annotations

import pytest

from chaos.aftermath import every_refund_has_one_audit_row
from chaos.books import Books


@pytest.mark.parametrize(("rows", "broken"), [(0, True), (1, False), (2, True)])
def test_a_refund_that_staff_asked_for_has_one_audit_row(rows: int, *, broken: bool) -> None:
    books = Books(
        refunds=[{"id": "rfd_1", "idempotency_key": "staff:1"}],
        refunds_asked_for=[{"subject": "rfd_1", "what": "refund.requested"}] * rows,
    )
    assert bool(list(every_refund_has_one_audit_row(books))) is broken


def test_a_refund_that_was_made_at_stripe_needs_no_audit_row() -> None:
    books = Books(refunds=[{"id": "rfd_1", "idempotency_key": None}])
    assert list(every_refund_has_one_audit_row(books)) == []
