"""An erasure takes what is personal of one customer, and nothing of anybody else's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskCliRunner
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from payments_app.accounts.people import create_staff
from payments_app.core.db.session import atomic
from payments_app.core.extensions import Base, db
from payments_app.core.history import HistoryEntry
from payments_app.customers.models import Customer
from payments_app.keeping.customer_data import places
from payments_app.keeping.cuts import erased_address
from payments_app.keeping.erase import ask_for_erasure, carry_out, erase_due
from payments_app.keeping.models import Erasure
from payments_app.notices import mails
from payments_app.payments.disputes.answer import add_file, request_submission, save_draft
from payments_app.payments.disputes.answer_models import DisputeAnswer
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.disputes.refresh import refresh
from payments_app.payments.models import PaymentRecord, Transaction
from payments_app.payments.payment_of import charge_of
from payments_app.payments.unmatched import store_unmatched
from payments_app.staff.payments.saved_filters import save_filter, saved_filters
from payments_app.staff.reports.aggregate import aggregate
from tests.keeping.shop import ADA, BOB, books, buy, live, naming, rows
from tests.ledger.concurrency import claim
from tests.own_database import expect_failure
from tests.payments.driver import PaymentDriver
from tests.refunds.test_disputes import answer, send_event

pytestmark = [pytest.mark.portable, pytest.mark.dialect]

# Tables that say nothing of a buyer: the shop's own, its staff's and merchants', money by id, and
# what is counted, hashed or gone within a day. A new table is named here or in `places`.
NOBODYS = frozenset(
    """
    alerts api_keys balance_transactions breakers card_changes connect_records connected_accounts
    daily_figures daily_payments digital_products erasures event_subscribers final_bills
    gone_at_stripe heartbeats job_counters job_times ledger_days ledger_entries ledger_journals
    limit_counters merchant_endpoints merchants paused_queues payment_deltas payment_records
    payout_lines payouts plans policy_reports product_pictures products
    reconcile_runs restore settlement_batches settlement_lines settlement_parts sign_in_tries staff
    staff_browsers staff_recovery_codes staff_second_factors staff_sessions stock_holds
    stripe_account stripe_events velocity_fingerprints webhook_attempts webhook_deliveries
    work_items
    """.split()
)


def erase(named: str) -> list[str]:
    return carry_out(ask_for_erasure(named, "ada's helper"))


def test_every_table_is_said_to_be_a_customer_s_or_nobody_s() -> None:
    theirs = {place.model.__tablename__ for place in places(Customer(id="cust_1", email=ADA))}
    every = {name for name in Base.metadata.tables if name.startswith("pay_")}
    assert every == theirs | {f"pay_{name}" for name in NOBODYS}


def test_no_row_names_a_customer_who_was_erased(driver: PaymentDriver) -> None:
    live(driver, ADA)
    assert len(naming(ADA)) > 7
    assert erase(ADA) == []
    assert naming(ADA) == {}
    assert naming("Call back: ") == {}


def test_a_second_customer_stays_byte_for_byte(driver: PaymentDriver) -> None:
    live(driver, ADA)
    bob = live(driver, BOB)
    before = rows()
    theirs = {BOB, bob, *payments_of(bob)}
    erase(ADA)
    after = rows()
    lost = [row for name in before for row in before[name] - after[name]]
    assert lost
    assert [row for row in lost if any(word in row for word in theirs)] == []


def payments_of(customer: str) -> list[str]:
    paid = select(PaymentRecord.transaction_id).where(PaymentRecord.payable_id == customer)
    return list(db.session.scalars(paid))


def test_the_books_stay_whole(driver: PaymentDriver) -> None:
    ada = live(driver, ADA)
    aggregate()
    before, paid = books(), payments_of(ada)
    amounts = [driver.read(each).paid for each in paid]
    counted = rows()["pay_daily_payments"]
    erase(ADA)
    aggregate()
    assert books() == before
    assert [driver.read(each).paid for each in paid] == amounts
    assert rows()["pay_daily_payments"] == counted


def test_an_erasure_waits_for_a_dispute(driver: PaymentDriver) -> None:
    buy(driver, ADA, "pm_card_createDispute")
    send_event(driver)
    assert erase(ADA) == [
        "a dispute that is open",
        "an order that is paid and not handed over",
    ] or erase(ADA) == ["a dispute that is open"]
    assert naming(ADA)
    answer(driver, "winning_evidence")
    send_event(driver)
    driver.work_all_waiting()
    erase_due()
    driver.work()
    assert naming(ADA) == {}


def test_what_a_bank_was_answered_goes_too(driver: PaymentDriver) -> None:
    answered = {ADA: answer_bank(driver, ADA, "Lovelace"), BOB: answer_bank(driver, BOB, "Boole")}
    erase(ADA)
    assert [naming(words) for words in ("Lovelace", "203.0.113.7")] == [{}, {}]
    told_again(answered[ADA])
    assert [naming(words) for words in ("Lovelace", "203.0.113.7")] == [{}, {}]
    kept = db.session.get_one(DisputeAnswer, answered[BOB]).evidence
    assert (kept["customer_name"], kept["billing_address"]) == ("Boole", "Boole Lane")
    assert "Boole.pdf" in str(naming("Boole.pdf"))


def test_a_saved_filter_of_an_address_that_only_holds_theirs_stays(driver: PaymentDriver) -> None:
    buy(driver, ADA)
    member = create_staff("viewer@example.com", "viewer", "correct horse battery")
    kept = {"longer": f"x{ADA}", "more": f"{ADA}.au", "theirs": ADA, "as typed": ADA.upper()}
    for name, address in kept.items():
        save_filter(member, name, {"email": address, "status": "failed"})
    save_filter(member, "in words", {"q": f"mail {ADA} please"})
    erase(ADA)
    assert {row.name for row in saved_filters(db.session(), member)} == {"longer", "more"}


def told_again(answer_id: str) -> None:
    """Stripe, which keeps its own records, tells of the dispute once more."""
    mine = (
        select(Dispute.stripe_dispute_id).join(DisputeAnswer).where(DisputeAnswer.id == answer_id)
    )
    subject = db.session.scalars(mine).one()
    refresh(subject, claim(subject))


def answer_bank(driver: PaymentDriver, email: str, name: str) -> str:
    """A dispute that was won with evidence and a file of our own; the answer's id."""
    paid = buy(driver, email, "pm_card_createDispute")
    intent = driver.read(paid).stripe_payment_id or ""
    refresh(intent, claim(intent))
    driver.work()
    db.session.rollback()
    dispute = db.session.scalars(select(Dispute).where(Dispute.transaction_id == paid)).one()
    texts = {"uncategorized_text": "winning_evidence", "cancellation_rebuttal": f"{name} knew"}
    texts |= {"customer_name": name, "billing_address": f"{name} Lane"}
    if email == ADA:
        texts |= {"access_activity_log": "203.0.113.7 opened it"}
    revision = save_draft(dispute.id, texts, revision=0, actor="staff")
    file = (dispute.id, "receipt", f"{name}.pdf", b"%PDF-1.4")
    revision = add_file(*file, revision=revision, actor="staff")
    request_submission(dispute.id, revision=revision, actor="staff")
    driver.work_all_waiting()
    db.session.rollback()
    answers = select(DisputeAnswer.id).where(DisputeAnswer.dispute_id == dispute.id)
    return db.session.scalars(answers).one()


def test_an_erasure_waits_for_a_payment_that_has_not_ended(driver: PaymentDriver) -> None:
    driver.open()
    assert erase(ADA) == ["a payment that has not ended"]


@pytest.mark.parametrize("settings", [{"LEGAL_KEEPING_DAYS": "30"}], indirect=True)
def test_an_erasure_waits_for_the_legal_keeping(driver: PaymentDriver) -> None:
    paid = buy(driver, ADA)
    assert erase(ADA) == ["the legal keeping of its payments (30 days)"]
    driver.age(paid, 31 * 86_400)
    erase_due()
    driver.work()
    assert naming(ADA) == {}


def test_one_that_fails_keeps_no_other_waiting(
    driver: PaymentDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for address in (ADA, BOB):
        buy(driver, address)
        ask_for_erasure(address, "ada's helper")
    monkeypatch.setattr("payments_app.keeping.erase.waits_for", _fails_for(ADA))
    expect_failure("keeping.carry_out")
    erase_due()
    driver.work()
    assert naming(BOB) == {}
    assert naming(ADA)


def _fails_for(address: str) -> Callable[[Session, Customer], list[str]]:
    def waits(_session: Session, customer: Customer) -> list[str]:
        assert customer.email != address, "cannot be read"
        return []

    return waits


def test_what_is_erased_is_deleted_at_stripe(driver: PaymentDriver) -> None:
    live(driver, ADA)
    live(driver, BOB)
    erase(ADA)
    driver.work()
    left = driver.sandbox("GET", "/v1/customers?limit=100")["data"]
    assert {each["email"] for each in left} == {BOB}


def test_a_customer_that_others_made_at_stripe_is_left_to_them(driver: PaymentDriver) -> None:
    paid = buy(driver, ADA)
    theirs = driver.sandbox("GET", "/v1/customers?limit=100")["data"]
    import requests

    made = requests.post(
        f"{driver.config.stripe_api_base}/v1/customers",
        auth=(driver.config.stripe_secret_key, ""),
        data={"email": ADA},
        timeout=10,
    ).json()
    name_at_stripe(paid, made["id"])
    erase(ADA)
    driver.work()
    left = {each["id"] for each in driver.sandbox("GET", "/v1/customers?limit=100")["data"]}
    assert left == {made["id"]} | {each["id"] for each in theirs}


@atomic
def name_at_stripe(session: Session, paid: str, stripe_customer: str) -> None:
    session.execute(
        update(Transaction).where(Transaction.id == paid).values(stripe_customer_id=stripe_customer)
    )


def test_who_was_erased_and_comes_back_is_somebody_new(driver: PaymentDriver) -> None:
    before = live(driver, ADA)
    erase(ADA)
    assert live(driver, ADA) != before


def test_nobody_writes_to_who_was_erased(driver: PaymentDriver) -> None:
    ada = live(driver, ADA)
    erase(ADA)
    recipient = db.session.get_one(Customer, ada).email
    assert write_to(recipient) is False


@atomic
def write_to(session: Session, recipient: str) -> bool:
    return mails.write(session, "receipt", "late", recipient, "Your receipt")


def test_an_erasure_is_in_the_history_with_who_asked_for_it(driver: PaymentDriver) -> None:
    ada = live(driver, ADA)
    erase(ADA)
    entry = db.session.scalars(
        select(HistoryEntry).where(HistoryEntry.what == "customer.erased")
    ).one()
    assert (entry.actor, entry.subject) == ("ada's helper", ada)
    assert entry.data["rows"]["pay_transactions"] == 2


@pytest.mark.parametrize(
    "change",
    [{"actor": "eve"}, {"data": {"text": "other words"}}, {"data": {"erased": "era_none"}}],
    ids=["another actor", "other words", "without an erasure"],
)
def test_the_history_lets_go_of_nothing_else(driver: PaymentDriver, change: dict[str, str]) -> None:
    live(driver, ADA)
    ask_for_erasure(ADA, "eve")
    with pytest.raises(DBAPIError, match="append-only"):
        rewrite(ADA, change)


def test_the_history_of_others_lets_go_of_nothing(driver: PaymentDriver) -> None:
    live(driver, ADA)
    live(driver, BOB)
    erasure = ask_for_erasure(ADA, "eve")
    with pytest.raises(DBAPIError, match="append-only"):
        rewrite(BOB, {"data": {"erased": erasure}})


def test_once_it_is_done_an_erasure_opens_the_history_no_more(driver: PaymentDriver) -> None:
    ada = live(driver, ADA)
    erase(ADA)
    done = db.session.scalars(select(Erasure.id)).one()
    with pytest.raises(DBAPIError, match="append-only"):
        rewrite(erased_address(ada), {"data": {"erased": done}})


@atomic
def rewrite(session: Session, email: str, change: dict[str, str]) -> None:
    theirs = select(Transaction.id).where(Transaction.email == email)
    session.execute(
        update(HistoryEntry)
        .where(HistoryEntry.what == "staff.note", HistoryEntry.transaction_id.in_(theirs))
        .values(**change)
    )


def test_a_list_that_is_no_text_is_refused_in_words(cli: FlaskCliRunner, tmp_path: Path) -> None:
    listed = tmp_path / "erasures"
    listed.write_bytes(b"\xff\xfe")
    refused = cli.invoke(args=["customers", "erase", "--list", str(listed)])
    assert refused.exit_code == 1
    assert "can't be read as UTF-8 text" in refused.output


def test_a_list_of_erasures_repeats_them_after_a_restore(
    driver: PaymentDriver, cli: FlaskCliRunner, tmp_path: Path
) -> None:
    ada = live(driver, ADA)
    listed = tmp_path / "erasures"
    listed.write_text(
        f"{ada}  2026-01-02T03:04:05Z  done\ncust_nobody  2026-01-02T03:04:05Z  done\n"
    )
    done = cli.invoke(args=["customers", "erase", "--list", str(listed)])
    assert done.output.splitlines() == [f"{ada}  is erased", "cust_nobody  is not here"]
    assert naming(ADA) == {}
    assert cli.invoke(args=["customers", "erasures"]).output.startswith(f"{ada}  20")


def test_who_is_unknown_is_said_to_be(driver: PaymentDriver, cli: FlaskCliRunner) -> None:
    done = cli.invoke(args=["customers", "erase", "nobody@example.org"])
    assert done.exit_code == 1
    assert "There is no customer nobody@example.org here." in done.output


def test_no_card_number_is_kept_as_who_asked(driver: PaymentDriver, cli: FlaskCliRunner) -> None:
    for one in (ADA, BOB):
        buy(driver, one)
    done = cli.invoke(args=["customers", "erase", ADA, "--by", "4242 4242 4242 4242"])
    assert (done.exit_code, "looks like a card number" in done.output) == (1, True)
    assert cli.invoke(args=["customers", "erase", BOB, "--by", "bob"]).exit_code == 0
    assert db.session.scalars(select(Erasure.asked_by)).all() == ["bob"]


@pytest.mark.parametrize("named_by", ["payment_intent", "charge"])
def test_what_matched_no_payment_at_first_names_nobody(
    driver: PaymentDriver, named_by: str
) -> None:
    """Some objects of Stripe's name the charge alone."""
    set_aside(*[about(driver, address, named_by) for address in (ADA, BOB)])
    assert len(naming(ADA)["pay_unmatched_objects"]) == 1
    erase(ADA)
    assert naming(ADA) == {}
    assert len(naming(BOB)["pay_unmatched_objects"]) == 1


def about(driver: PaymentDriver, email: str, named_by: str) -> dict[str, str]:
    """A refund of what somebody paid, which names it so."""
    paid = driver.read(buy(driver, email))
    names = {"payment_intent": paid.stripe_payment_id, "charge": charge_of(paid)}
    return {
        "id": f"re_{paid.id}",
        "object": "refund",
        "note": email,
        named_by: names[named_by] or "",
    }


@atomic
def set_aside(session: Session, *bodies: dict[str, str]) -> None:
    for body in bodies:
        store_unmatched(session, body, None)
