"""What another release stored beside a payment takes no page down."""

from __future__ import annotations

from typing import Any

import pytest

from tests.accounts.staff_driver import StaffDriver
from tests.attention.other_releases import STORED, store
from tests.staff.stored_payments import StoredPayments

pytestmark = pytest.mark.portable


@pytest.mark.parametrize("stored", STORED)
@pytest.mark.parametrize("phase", ["complete", "failed"])
def test_every_page_that_reads_it_stands(
    staff_driver: StaffDriver, stored_payments: StoredPayments, stored: Any, phase: str
) -> None:
    odd, other = stored_payments.payment(phase), stored_payments.payment()
    with stored_payments.app.app_context():
        store(odd, stored)
    admin = staff_driver.signed_in("admin")
    customer = stored_payments.customer_id()
    for path in (
        "/staff",
        "/staff/payments",
        "/staff/payments.csv",
        "/staff/double-payments",
        "/staff/reports",
        f"/staff/payments/{odd}",
        f"/staff/customers/{customer}",
        f"/transactions/{odd}",
        f"/staff/payments/{other}",
    ):
        assert admin.get(path).status_code == 200, path
