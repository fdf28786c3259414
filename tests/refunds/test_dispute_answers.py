"""Disputes are answered here: a draft is only kept, a submission is sent once, no deadline lapses
unsaid."""

from __future__ import annotations

import datetime as dt
from contextlib import ExitStack
from typing import Any

import pytest
import requests
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from payments_app.core.alerts import Alert
from payments_app.core.db.clock import database_now, utcnow
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.jobs.command import Later
from payments_app.ops.dead_letters import discard
from payments_app.payments.disputes import deadlines, send_answer
from payments_app.payments.disputes.answer import (
    SUBMIT,
    AnswerClosedError,
    DraftChangedError,
    EvidenceError,
    add_file,
    request_submission,
    save_draft,
)
from payments_app.payments.disputes.answer_models import SENDING, SENT, DisputeAnswer, EvidenceFile
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.disputes.refresh import refresh
from payments_app.reconcile.revive import revive
from tests.bystanders import own
from tests.ledger.concurrency import claim, run_at_once
from tests.payments.driver import PaymentDriver
from tests.refunds.refund_steps import execute, posted

pytestmark = pytest.mark.portable
PDF, PNG = b"%PDF-1.4 a receipt", b"\x89PNG\r\n\x1a\n a photo"


def dispute_of(driver: PaymentDriver, card: str = "pm_card_createDispute") -> Dispute:
    """A payment that is disputed, taken in."""
    transaction = driver.pay(card)
    intent = driver.read(transaction).stripe_payment_id or ""
    refresh(intent, claim(intent))
    driver.work()
    db.session.rollback()
    return db.session.scalars(select(Dispute).where(Dispute.transaction_id == transaction)).one()


def again(row: Any) -> Any:
    db.session.rollback()
    return db.session.get_one(type(row), row.id, populate_existing=True)


def answer() -> DisputeAnswer:
    db.session.rollback()
    return db.session.scalars(select(DisputeAnswer).execution_options(populate_existing=True)).one()


def at_stripe(driver: PaymentDriver, dispute: Dispute) -> dict[str, Any]:
    found: dict[str, Any] = driver.sandbox("GET", f"/v1/disputes/{dispute.stripe_dispute_id}")
    return found


def draft(dispute: Dispute, text: str = "They got it", revision: int = 0) -> int:
    texts = {"uncategorized_text": text}
    return save_draft(dispute.id, texts, revision=revision, actor="ada")


def submitted(driver: PaymentDriver, dispute: Dispute, text: str = "They got it") -> None:
    revision = draft(dispute, text)
    request_submission(dispute.id, revision=revision, actor="ada")
    driver.work()


def submit_at_stripe(driver: PaymentDriver, dispute: Dispute) -> None:
    """Somebody answers in Stripe's own dashboard."""
    requests.post(
        f"{driver.config.stripe_api_base}/v1/disputes/{dispute.stripe_dispute_id}",
        auth=(driver.config.stripe_secret_key, ""),
        data={"evidence[uncategorized_text]": "Theirs"},
        timeout=10,
    ).raise_for_status()


def calls(driver: PaymentDriver) -> list[dict[str, Any]]:
    """Everything that was posted to a dispute."""
    found = driver.sandbox("GET", "/_sandbox/requests?path=/v1/disputes")["requests"]
    return [call for call in found if call["method"] == "POST"]


def test_a_draft_is_kept_at_stripe_and_not_submitted(driver: PaymentDriver) -> None:
    dispute = dispute_of(driver)
    draft(dispute)
    driver.work()
    kept = at_stripe(driver, dispute)
    assert kept["evidence"]["uncategorized_text"] == "They got it"
    assert kept["status"] == "needs_response"
    assert kept["evidence_details"]["submission_count"] == 0
    assert answer().kept_revision == 1


def test_what_was_taken_out_of_a_draft_goes_at_stripe_too(driver: PaymentDriver) -> None:
    dispute = dispute_of(driver)
    first = {"uncategorized_text": "One", "customer_name": "Ada"}
    save_draft(dispute.id, first, revision=0, actor="ada")
    driver.work()
    draft(dispute, "Two", revision=1)
    driver.work()
    kept = at_stripe(driver, dispute)["evidence"]
    assert (kept["uncategorized_text"], kept["customer_name"]) == ("Two", None)


@pytest.mark.parametrize(
    ("text", "state", "funds"),
    [
        ("winning_evidence", "won", "reinstated"),
        ("losing_evidence", "lost", "withdrawn"),
        ("a letter", "under_review", "withdrawn"),
    ],
)
def test_an_answer_is_submitted_and_its_outcome_taken_in(
    driver: PaymentDriver, text: str, state: str, funds: str
) -> None:
    dispute = dispute_of(driver)
    submitted(driver, dispute, text)
    now = again(dispute)
    assert (now.state, now.funds, answer().state) == (state, funds, "sent")
    assert at_stripe(driver, dispute)["evidence_details"]["submission_count"] == 1
    happened = driver.happened(dispute.transaction_id)
    assert happened.index("dispute.answer_confirmed") < happened.index("dispute.answer_submitted")
    assert f"dispute.{state}" in happened
    assert bool(posted("dispute_reinstated")) == (state == "won")


def test_a_second_dispute_stays_as_it_is(driver: PaymentDriver) -> None:
    mine, other = dispute_of(driver), dispute_of(driver)
    before = at_stripe(driver, other)
    submitted(driver, mine, "winning_evidence")
    assert at_stripe(driver, other) == before
    assert (again(other).state, again(mine).state) == ("needs_response", "won")
    assert driver.happened(other.transaction_id)[-1] == "dispute.opened"


def test_files_go_with_the_answer_and_each_once(driver: PaymentDriver) -> None:
    dispute = dispute_of(driver)
    revision = add_file(dispute.id, "receipt", "Ada's receipt.PDF", PDF, revision=0, actor="ada")
    driver.work()
    revision = add_file(
        dispute.id, "uncategorized_file", "mug.png", PNG, revision=revision, actor="ada"
    )
    request_submission(dispute.id, revision=revision, actor="ada")
    driver.work()
    kept = at_stripe(driver, dispute)
    named = driver.sandbox("GET", f"/v1/files/{kept['evidence']['receipt']}")
    assert (named["filename"], named["size"], named["type"]) == ("Ada_s receipt.pdf", 18, "pdf")
    assert kept["evidence"]["uncategorized_file"].startswith("file_")
    assert len(driver.sandbox("GET", "/_sandbox/requests?path=/v1/files$")["requests"]) == 2


def test_files_that_stripe_takes_slowly_hold_so_many_threads_and_no_more(
    driver: PaymentDriver,
) -> None:
    dispute = dispute_of(driver)
    revision = add_file(dispute.id, "receipt", "a.pdf", PDF, revision=0, actor="ada")
    request_submission(dispute.id, revision=revision, actor="ada")
    with ExitStack() as others:
        for _ in range(send_answer.UPLOADS):
            others.enter_context(send_answer._turns)
        driver.work("payment_critical")
        assert driver.sandbox("GET", "/_sandbox/requests?path=/v1/files$")["requests"] == []
        assert answer().state == "sending"
    driver.work_all_waiting()
    assert answer().state == "sent"


def test_a_file_takes_the_place_of_the_one_before_it(driver: PaymentDriver) -> None:
    dispute = dispute_of(driver)
    for revision, content in enumerate((PDF, PDF + b" two")):
        add_file(dispute.id, "receipt", "a.pdf", content, revision=revision, actor="ada")
    driver.work()
    (file,) = db.session.scalars(select(EvidenceFile))
    assert at_stripe(driver, dispute)["evidence"]["receipt"] == file.stripe_file_id
    assert file.size == len(PDF) + 4


@pytest.mark.parametrize(
    ("field", "content", "says"),
    [
        ("receipt", b"GIF89a", "PDF"),
        ("receipt", b"", "PDF"),
        ("receipt", b"%PDF-" + b"x" * 4_500_000, "4.5 MB"),
        ("uncategorized_text", PDF, "shows"),
    ],
)
def test_a_file_that_no_bank_reads_is_refused(
    driver: PaymentDriver, field: str, content: bytes, says: str
) -> None:
    dispute = dispute_of(driver)
    with pytest.raises(EvidenceError, match=says):
        add_file(dispute.id, field, "a.pdf", content, revision=0, actor="ada")
    assert db.session.scalars(select(EvidenceFile)).all() == []


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        ({"uncategorized_text": "x" * 20_001}, "20,000"),
        ({"no_such": "x"}, "no such evidence"),
        ({"uncategorized_text": "Her card is 4242 4242 4242 4242"}, "card"),
        (
            dict.fromkeys(
                (
                    *("uncategorized_text", "product_description", "access_activity_log"),
                    *("refund_policy_disclosure", "refund_refusal_explanation"),
                    *("cancellation_rebuttal", "cancellation_policy_disclosure"),
                    "duplicate_charge_explanation",
                ),
                "x" * 19_000,
            ),
            "150,000",
        ),
    ],
)
def test_a_draft_that_the_bank_would_not_read_is_refused(
    driver: PaymentDriver, texts: dict[str, str], says: str
) -> None:
    dispute = dispute_of(driver)
    with pytest.raises(EvidenceError, match=says):
        save_draft(dispute.id, texts, revision=0, actor="ada")


def test_of_two_who_write_the_second_looks_again(driver: PaymentDriver) -> None:
    dispute = dispute_of(driver)
    draft(dispute, "Ada's")
    with pytest.raises(DraftChangedError):
        draft(dispute, "Grace's", revision=0)
    with pytest.raises(DraftChangedError):
        request_submission(dispute.id, revision=0, actor="grace")
    assert answer().evidence == {"uncategorized_text": "Ada's"}


def test_eight_who_submit_at_once_submit_once(driver: PaymentDriver) -> None:
    dispute = dispute_of(driver)
    revision = draft(dispute)
    driver.work()

    def confirm() -> None:
        try:
            request_submission(dispute.id, revision=revision, actor="ada")
        except AnswerClosedError:
            return

    run_at_once(driver.app, confirm)
    mine = answer().id
    run_at_once(driver.app, lambda: submit_or_later(mine))
    driver.work_all_waiting()
    assert at_stripe(driver, dispute)["evidence_details"]["submission_count"] == 1
    assert driver.happened(dispute.transaction_id).count("dispute.answer_submitted") == 1


def submit_or_later(answer_id: str) -> None:
    try:
        send_answer.submit(answer_id, claim(answer_id))
    except Later:
        return


def test_nothing_is_submitted_twice(driver: PaymentDriver) -> None:
    dispute = dispute_of(driver)
    submitted(driver, dispute)
    with pytest.raises(AnswerClosedError):
        draft(dispute, "And this", revision=1)
    with pytest.raises(AnswerClosedError):
        request_submission(dispute.id, revision=1, actor="ada")


@pytest.mark.parametrize("fault", ["drop_after", "truncate", "html_200", "500_after"])
def test_after_a_lost_answer_the_count_is_read_and_nothing_sent_again(
    driver: PaymentDriver, fault: str
) -> None:
    dispute = dispute_of(driver)
    revision = draft(dispute)
    driver.work()
    before = len(calls(driver))
    driver.sandbox(
        "POST",
        "/_sandbox/faults",
        fault=fault,
        match={"method": "POST", "path": "/v1/disputes"},
        times=1,
    )
    request_submission(dispute.id, revision=revision, actor="ada")
    driver.work()
    assert answer().state == "sending"
    driver.work_all_waiting()
    assert answer().state == "sent"
    assert len(calls(driver)) == before + 1
    assert at_stripe(driver, dispute)["evidence_details"]["submission_count"] == 1
    assert again(dispute).state == "under_review"


@pytest.mark.parametrize("fault", ["drop_before", "500_before", "rate_limit", "html_502"])
def test_what_did_not_arrive_is_sent_again(driver: PaymentDriver, fault: str) -> None:
    dispute = dispute_of(driver)
    revision = draft(dispute)
    driver.work()
    driver.sandbox(
        "POST",
        "/_sandbox/faults",
        fault=fault,
        match={"method": "POST", "path": "/v1/disputes"},
        times=1,
    )
    request_submission(dispute.id, revision=revision, actor="ada")
    for _ in range(4):
        driver.work_all_waiting()
    assert answer().state == "sent"
    assert at_stripe(driver, dispute)["evidence_details"]["submission_count"] == 1


def test_what_stripe_refuses_is_a_draft_again_and_wakes_somebody(driver: PaymentDriver) -> None:
    dispute = dispute_of(driver)
    revision = draft(dispute)
    driver.work()
    driver.sandbox(
        "POST",
        "/_sandbox/faults",
        fault="refuse",
        set={"message": "This evidence is too long."},
        match={"method": "POST", "path": "/v1/disputes"},
        times=1,
    )
    request_submission(dispute.id, revision=revision, actor="ada")
    driver.work()
    refused = answer()
    assert (refused.state, refused.problem) == ("draft", "This evidence is too long.")
    alert = db.session.scalars(select(Alert).where(Alert.kind == "dispute_answer_refused")).one()
    assert alert.severity == "critical"
    request_submission(dispute.id, revision=revision, actor="ada")
    driver.work()
    assert answer().state == "sent"


def test_a_submission_whose_job_was_given_up_is_seen_through(driver: PaymentDriver) -> None:
    dispute, other = dispute_of(driver), dispute_of(driver)
    revision = draft(dispute)
    request_submission(dispute.id, revision=revision, actor="ada")
    driver.let_workers_die(SUBMIT)
    driver.work()
    discard(driver.messages(SUBMIT)[0].id, "Looked at it", "ada")
    assert answer().state == SENDING
    submitted_long_ago()
    assert revive() == 1
    driver.work_all_waiting()
    assert answer().state == SENT
    assert revive() == 0
    counts = [
        at_stripe(driver, each)["evidence_details"]["submission_count"] for each in (dispute, other)
    ]
    assert counts == [1, 0]


@atomic
def submitted_long_ago(session: Session) -> None:
    session.execute(update(DisputeAnswer).values(submitted_at=database_now(-86_400)))


def test_what_is_closed_at_stripe_meanwhile_is_not_submitted(driver: PaymentDriver) -> None:
    dispute = dispute_of(driver)
    revision = draft(dispute)
    driver.work()
    driver.sandbox("POST", f"/v1/disputes/{dispute.stripe_dispute_id}/close")
    before = len(calls(driver))
    request_submission(dispute.id, revision=revision, actor="ada")
    driver.work()
    assert answer().problem == send_answer.NOT_ASKED
    assert len(calls(driver)) == before


def test_what_somebody_submitted_at_stripe_meanwhile_is_not_taken_for_ours(
    driver: PaymentDriver,
) -> None:
    dispute = dispute_of(driver)
    revision = draft(dispute)
    driver.work()
    submit_at_stripe(driver, dispute)
    before = len(calls(driver))
    request_submission(dispute.id, revision=revision, actor="ada")
    driver.work()
    assert (answer().state, answer().problem) == ("draft", send_answer.NOT_ASKED)
    assert len(calls(driver)) == before
    assert at_stripe(driver, dispute)["evidence"]["uncategorized_text"] == "Theirs"


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"payment_method_details": {"type": "sepa_debit"}}, "can't be contested"),
        ({"evidence_details": {"due_by": 0}}, "takes no answer"),
        ({"evidence_details": {"due_by": 1_700_000_000}}, "is over"),
    ],
)
def test_what_can_be_contested_comes_from_the_bank(
    driver: PaymentDriver, told: dict[str, Any], says: str
) -> None:
    dispute = dispute_of(driver)
    driver.sandbox("POST", f"/_sandbox/disputes/{dispute.stripe_dispute_id}", **told)
    refresh(dispute.stripe_dispute_id, claim("x"))
    with pytest.raises(AnswerClosedError, match=says):
        draft(again(dispute))


def test_a_payment_method_that_is_not_known_decides_nothing(driver: PaymentDriver) -> None:
    dispute = dispute_of(driver)
    told = {"payment_method_details": {"type": "carrier_pigeon"}}
    driver.sandbox("POST", f"/_sandbox/disputes/{dispute.stripe_dispute_id}", **told)
    refresh(dispute.stripe_dispute_id, claim("x"))
    draft(again(dispute))


def test_an_inquiry_that_becomes_a_dispute_is_answered_again(driver: PaymentDriver) -> None:
    dispute = dispute_of(driver, "pm_card_createDisputeInquiry")
    submitted(driver, dispute)
    assert again(dispute).state == "warning_under_review"
    told = {"status": "needs_response"}
    driver.sandbox("POST", f"/_sandbox/disputes/{dispute.stripe_dispute_id}", **told)
    refresh(dispute.stripe_dispute_id, claim("x"))
    submitted(driver, again(dispute), "winning_evidence")
    assert at_stripe(driver, dispute)["evidence_details"]["submission_count"] == 2
    assert again(dispute).state == "won"


def due_in(dispute: Dispute, **left: float) -> None:
    moment = utcnow() + dt.timedelta(**left)
    execute(update(Dispute).where(Dispute.id == dispute.id).values(due_by=moment))


def told() -> list[Alert]:
    deadlines.tell_of_deadlines()
    db.session.rollback()
    found = select(Alert).where(Alert.kind == deadlines.KIND).order_by(Alert.id)
    return list(db.session.scalars(found.execution_options(populate_existing=True)))


def test_no_dispute_lapses_without_three_alerts(driver: PaymentDriver) -> None:
    dispute, answered = dispute_of(driver), dispute_of(driver)
    submitted(driver, answered)
    for number, hours in enumerate((8 * 24.0, 6.9 * 24, 47.0, 11.0)):
        due_in(dispute, hours=hours)
        for _ in range(2):
            assert len(told()) == number
    due_in(dispute, hours=-1)
    *before, last = told()
    assert len(before) == 3
    assert all("takes an answer until" in alert.message for alert in before)
    assert "was not answered" in last.message
    assert {alert.data["transaction_id"] for alert in told()} == {dispute.transaction_id}


def test_an_alert_that_was_seen_is_not_raised_again(driver: PaymentDriver) -> None:
    dispute = dispute_of(driver)
    due_in(dispute, days=6)
    (alert,) = told()
    execute(update(Alert).values(acknowledged_at=utcnow(), acknowledged_by="ada"))
    assert [one.id for one in told()] == [alert.id]


def test_a_draft_that_nobody_submitted_is_no_answer(driver: PaymentDriver) -> None:
    dispute = dispute_of(driver)
    draft(dispute)
    due_in(dispute, hours=10)
    assert len(told()) == 3


def test_alerts_about_the_deadline_close_once_it_is_answered(driver: PaymentDriver) -> None:
    dispute = dispute_of(driver)
    due_in(dispute, days=6)
    assert [alert.acknowledged_at for alert in told()] == [None]
    submitted(driver, dispute)
    assert all(alert.acknowledged_at for alert in told())


def test_of_a_dispute_that_ended_without_us_the_alerts_close(driver: PaymentDriver) -> None:
    dispute = dispute_of(driver)
    due_in(dispute, days=6)
    told()
    driver.sandbox("POST", f"/v1/disputes/{dispute.stripe_dispute_id}/close")
    refresh(dispute.stripe_dispute_id, claim("x"))
    assert all(alert.acknowledged_at for alert in told())


def test_others_disputes_have_no_answer_of_ours(driver: PaymentDriver) -> None:
    submitted(driver, dispute_of(driver))
    ours = select(Dispute.id).where(own(Dispute))
    others = select(DisputeAnswer).where(DisputeAnswer.dispute_id.not_in(ours))
    assert db.session.scalars(others).all() == []
