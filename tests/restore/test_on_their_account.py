"""A merchant may write what they like on the sales of their own account: a restore believes none of
it that is not theirs to say, and ends well."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from payments_app.core.extensions import db
from payments_app.customers.models import SavedCard
from payments_app.payments.models import Role
from payments_app.payments.queries import joined
from tests.bystanders import own
from tests.merchants.connected_merchants import api, create_ready_merchant, create_sale
from tests.restore.drill import Drill, done
from tests.restore.test_asked_for import BOB
from tests.restore.test_elsewhere import rows

SPOILED = {"client_key": "k" * 400, "wish": "w" * 400, "currency": "dollars", "attempt": "many"}
NAMES_MUCH = {"payable_type": "payment_request", "payable_id": "prq_7"} | {
    "payable_reference": "r" * 400
}


def write(drill: Drill, paid: str, **metadata: str) -> str:
    """What a merchant writes on a sale of theirs; the intent's id."""
    row = drill.read(paid)
    intent, account = row.stripe_payment_id or "", row.connected_account_id or ""
    named = {f"metadata[{name}]": value for name, value in metadata.items()}
    api(drill, "POST", f"payment_intents/{intent}", account, **named)
    return intent


@pytest.mark.parametrize(("spoiled", "comes_back"), [(SPOILED, True), (NAMES_MUCH, False)])
def test_what_a_merchant_writes_keeps_nothing_closed(
    drill: Drill, spoiled: dict[str, str], *, comes_back: bool
) -> None:
    seller = create_ready_merchant(drill, "direct")
    order, other = create_sale(seller), create_sale(seller)
    drill.back_up()
    sold, beside = drill.pay(order=order), drill.pay(order=other)
    intent = write(drill, sold, **spoiled)
    drill.restore_backup()
    said = done(drill.restore(say="y"))
    assert {one.id for one in rows()} == ({sold, beside} if comes_back else {beside})
    assert (f"{intent} at Stripe was not taken in" in said) is not comes_back
    assert drill.read(beside).phase == "complete"


@pytest.mark.parametrize("told", ["ada@example.com", None])
def test_a_sale_is_in_nobody_s_account_because_a_merchant_says_so(
    drill: Drill, told: str | None
) -> None:
    """It is of whose address Stripe has, or of nobody known here."""
    beside = drill.bought("bob's own", email=BOB)
    order = create_sale(create_ready_merchant(drill, "direct"))
    drill.back_up()
    sold = drill.pay(order=order)
    whose = db.session.scalars(joined(beside, Role.CUSTOMER)).one()
    intent = write(drill, sold, customer_id=whose)
    drill.sandbox("POST", f"/_sandbox/payment_intents/{intent}", receipt_email=told)
    drill.restore_backup()
    done(drill.restore(say="y"))
    drill.work()
    customers = db.session.scalars(joined(sold, Role.CUSTOMER)).all()
    assert whose not in customers
    found = drill.read(sold)
    assert (found.phase, found.email, len(customers)) == ("complete", told or "", int(bool(told)))
    assert db.session.scalars(joined(beside, Role.CUSTOMER)).all() == [whose]


def test_a_card_of_theirs_comes_back_into_nobodys_account_here(drill: Drill) -> None:
    order = create_sale(create_ready_merchant(drill, "direct"))
    drill.back_up()
    sold = drill.pay(order=order)
    intent = write(drill, sold, customer_known="true")
    account = drill.read(sold).connected_account_id or ""
    customer = api(drill, "POST", "customers", account, email="ada@example.com")["id"]
    kept = {"setup_future_usage": "off_session", "customer": customer}
    drill.sandbox("POST", f"/_sandbox/payment_intents/{intent}", **kept)
    drill.restore_backup()
    done(drill.restore(say="y"))
    drill.work()
    found = drill.read(sold)
    assert db.session.scalars(select(SavedCard).where(own(SavedCard))).all() == []
    assert (found.phase, found.save_card, found.customer_known) == ("complete", False, False)
