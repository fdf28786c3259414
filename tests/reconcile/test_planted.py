"""Differences planted without regard to how the comparison works are all found, in one sweep, and
books that agree have none."""

from __future__ import annotations

import html

import pytest
from sqlalchemy import update

from payments_app.payments.refunds.models import Refund
from payments_app.reconcile import internal_payments, internal_settlement, internal_told
from payments_app.reconcile.kinds import KINDS
from tests.accounts.staff_driver import StaffDriver
from tests.payments.driver import PaymentDriver
from tests.reconcile import plants_of_states
from tests.reconcile.books import compare_last_hours, open_ones
from tests.reconcile.plants import PLANTS, finish_all, past_triggers, refunded

pytestmark = [pytest.mark.portable, pytest.mark.followed_by_all]


assert plants_of_states  # which adds to PLANTS
# A settlement's and a payout's are of many payments; an unknown intent is of none.
OF_MANY = (
    *("batch_differs", "payout_differs", "payout_not_here", "payout_line_unknown"),
    *("payout_not_listed", "unknown_intent"),
)
PAGE = "/staff/reconciliation"


@pytest.fixture(autouse=True)
def no_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    """What happened a moment ago counts as long ago."""
    for module, name in (
        (internal_payments, "POSTED_WITHIN_SECONDS"),
        (internal_payments, "STUCK_SECONDS"),
        (internal_settlement, "SETTLED_SECONDS"),
        (internal_settlement, "FEE_SECONDS"),
        (internal_told, "TOLD_WITHIN_SECONDS"),
    ):
        monkeypatch.setattr(module, name, -5)


def differences() -> list[str]:
    compare_last_hours()
    return [f"{f.kind} of {f.transaction_id}: {f.details}" for f in open_ones()]


@pytest.mark.parametrize("name", PLANTS)
def test_a_difference_is_found_with_both_values_and_who_mends_it(
    driver: PaymentDriver, name: str
) -> None:
    plant = PLANTS[name](driver)
    transaction = next(plant)
    next(plant, None)
    compare_last_hours()
    kind = name.partition(": ")[2]
    assert is_found(kind, transaction), differences()
    (finding,) = [f for f in open_ones() if f.kind == kind]
    both = [str(finding.details[side]) for side in KINDS[kind].sides]
    assert all(both)
    assert both[0] != both[1]
    admin = StaffDriver(driver.app).signed_in("admin")
    for page in (PAGE, f"{PAGE}/{finding.id}/fixes"):
        shown = html.unescape(admin.get(page).text)
        assert [value for value in both if value not in shown] == []
    assert KINDS[kind].fix or KINDS[kind].who


def test_each_kind_of_difference_is_planted() -> None:
    assert {name.partition(": ")[2] for name in PLANTS} == set(KINDS)


@pytest.mark.slow
def test_all_are_found_in_one_sweep(driver: PaymentDriver) -> None:
    begun = {name: plant(driver) for name, plant in PLANTS.items()}
    owners = {name: next(plant) for name, plant in begun.items()}
    finish_all(driver)
    assert differences() == []
    for plant in begun.values():
        next(plant, None)
    compare_last_hours()
    missed = [name for name, owner in owners.items() if not is_found(name.split(": ")[1], owner)]
    assert (missed, len(owners) >= 20) == ([], True)


def is_found(kind: str, transaction: str) -> bool:
    about = {transaction} if kind not in OF_MANY else {None}
    return any(f.kind == kind and f.transaction_id in about for f in open_ones())


def test_a_refund_of_another_state_and_amount_shows_both_of_each(driver: PaymentDriver) -> None:
    paid = refunded(driver)
    of_it = update(Refund).where(Refund.transaction_id == paid)
    past_triggers(of_it.values(amount=250, state="pending"))
    compare_last_hours()
    sides = {f.kind: (f.details.get("at_stripe"), f.details.get("here")) for f in open_ones()}
    assert sides["refund_differs"] == ("succeeded", "pending")
    assert sides["refund_amount_differs"] == ("$3.00", "$2.50")
