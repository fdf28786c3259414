"""A dispute that is accepted is closed at Stripe, once, and is lost."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from payments_app.core.alerts import Alert
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.jobs.command import Later
from payments_app.ops.dead_letters import discard
from payments_app.payments.disputes import send_answer
from payments_app.payments.disputes.answer import (
    ACCEPT,
    AnswerClosedError,
    DraftChangedError,
    request_acceptance,
    request_submission,
)
from payments_app.payments.disputes.answer_models import DisputeAnswer
from payments_app.payments.disputes.models import Dispute
from payments_app.reconcile.revive import revive
from tests.ledger.concurrency import claim, run_at_once
from tests.payments.driver import PaymentDriver
from tests.refunds.refund_steps import posted
from tests.refunds.test_dispute_answers import (
    again,
    answer,
    at_stripe,
    dispute_of,
    draft,
    submit_at_stripe,
)

pytestmark = pytest.mark.portable


def accept(dispute: Dispute, revision: int = 0) -> None:
    request_acceptance(dispute.id, revision=revision, actor="ada")


def closings(driver: PaymentDriver) -> int:
    """How often Stripe was asked to close a dispute."""
    found = driver.sandbox("GET", "/_sandbox/requests?path=/close$")["requests"]
    return len([call for call in found if call["method"] == "POST"])


def fault(driver: PaymentDriver, name: str, **more: object) -> None:
    match = {"method": "POST", "path": "/close$"}
    driver.sandbox("POST", "/_sandbox/faults", fault=name, match=match, times=1, **more)


def test_it_is_lost_and_another_stays_as_it_is(driver: PaymentDriver) -> None:
    mine, other = dispute_of(driver), dispute_of(driver)
    before = at_stripe(driver, other)
    accept(mine)
    driver.work()
    now = again(mine)
    assert (now.state, now.funds, answer().state) == ("lost", "withdrawn", "sent")
    assert (at_stripe(driver, mine)["status"], at_stripe(driver, other)) == ("lost", before)
    happened = [what for what in driver.happened(mine.transaction_id) if "dispute" in what]
    assert happened == [
        "dispute.opened",
        "dispute.acceptance_confirmed",
        "dispute.accepted",
        "dispute.lost",
    ]
    assert not posted("dispute_reinstated")
    assert again(other).state == "needs_response"


def test_a_draft_that_there_was_is_not_sent(driver: PaymentDriver) -> None:
    dispute = dispute_of(driver)
    revision = draft(dispute)
    driver.work()
    accept(dispute, revision)
    driver.work()
    kept = at_stripe(driver, dispute)
    assert (kept["status"], kept["evidence_details"]["submission_count"]) == ("lost", 0)
    assert answer().evidence == {"uncategorized_text": "They got it"}


def test_of_eight_who_accept_or_submit_one_does(driver: PaymentDriver) -> None:
    dispute = dispute_of(driver)
    revision = draft(dispute)
    driver.work()
    done: list[str] = []

    def confirm(n: int) -> None:
        ask = request_acceptance if n % 2 else request_submission
        try:
            ask(dispute.id, revision=revision, actor="ada")
        except AnswerClosedError:
            return
        done.append(ask.__name__)

    turns = iter(range(8))
    run_at_once(driver.app, lambda: confirm(next(turns)))
    mine = answer().id

    def send() -> None:
        for job in (send_answer.accept, send_answer.submit):
            try:
                job(mine, claim(mine))
            except Later:
                continue

    run_at_once(driver.app, send)
    driver.work_all_waiting()
    (one,) = done
    count = at_stripe(driver, dispute)["evidence_details"]["submission_count"]
    lost = at_stripe(driver, dispute)["status"] == "lost"
    assert (lost, count) == (one == "request_acceptance", int(one == "request_submission"))
    happened = driver.happened(dispute.transaction_id)
    assert happened.count("dispute.accepted") + happened.count("dispute.answer_submitted") == 1


def test_what_was_accepted_is_neither_accepted_nor_answered_again(driver: PaymentDriver) -> None:
    dispute = dispute_of(driver)
    accept(dispute)
    for ask in (accept, draft):
        with pytest.raises(AnswerClosedError, match="accepted"):
            ask(dispute)
    driver.work()
    with pytest.raises(AnswerClosedError):
        accept(dispute)
    assert closings(driver) == 1


def test_a_second_copy_of_a_job_of_the_other_kind_sends_nothing(driver: PaymentDriver) -> None:
    accepted, submitted = dispute_of(driver), dispute_of(driver)
    revision = draft(accepted)
    accept(accepted, revision)
    late = answer().id
    send_answer.submit(late, claim(late))
    assert at_stripe(driver, accepted)["evidence_details"]["submission_count"] == 0
    request_submission(submitted.id, revision=draft(submitted), actor="ada")
    (other,) = db.session.scalars(select(DisputeAnswer.id).where(DisputeAnswer.id != late))
    send_answer.accept(other, claim(other))
    assert (closings(driver), at_stripe(driver, submitted)["status"]) == (0, "needs_response")
    driver.work_all_waiting()
    assert [again(each).state for each in (accepted, submitted)] == ["lost", "under_review"]


def test_a_review_of_another_draft_accepts_nothing(driver: PaymentDriver) -> None:
    dispute = dispute_of(driver)
    draft(dispute)
    with pytest.raises(DraftChangedError):
        accept(dispute, 0)


@pytest.mark.parametrize("name", ["drop_after", "truncate", "html_200", "500_after"])
def test_after_a_lost_answer_its_status_is_read_and_it_is_closed_once(
    driver: PaymentDriver, name: str
) -> None:
    dispute = dispute_of(driver)
    fault(driver, name)
    accept(dispute)
    driver.work()
    driver.work_all_waiting()
    assert (answer().state, again(dispute).state, closings(driver)) == ("sent", "lost", 1)
    assert driver.happened(dispute.transaction_id).count("dispute.accepted") == 1


@pytest.mark.parametrize("name", ["drop_before", "500_before", "rate_limit", "html_502"])
def test_what_did_not_arrive_is_sent_again(driver: PaymentDriver, name: str) -> None:
    dispute = dispute_of(driver)
    fault(driver, name)
    accept(dispute)
    for _ in range(4):
        driver.work_all_waiting()
    assert (answer().state, again(dispute).state) == ("sent", "lost")


def test_what_stripe_refuses_may_be_answered_or_accepted_again(driver: PaymentDriver) -> None:
    dispute = dispute_of(driver)
    fault(driver, "refuse", set={"message": "This dispute can't be closed."})
    accept(dispute)
    driver.work()
    refused = answer()
    assert (refused.state, refused.problem) == ("draft", "This dispute can't be closed.")
    assert refused.accepted_at is None
    kind = select(Alert).where(Alert.kind == "dispute_answer_refused")
    assert "was not accepted" in db.session.scalars(kind).one().message
    accept(dispute)
    driver.work()
    assert (answer().state, again(dispute).state) == ("sent", "lost")
    found = db.session.scalars(kind.execution_options(populate_existing=True)).one()
    assert found.acknowledged_by == "system"


def test_what_was_answered_at_stripe_meanwhile_is_not_given_up(driver: PaymentDriver) -> None:
    dispute = dispute_of(driver)
    submit_at_stripe(driver, dispute)
    accept(dispute)
    driver.work()
    assert (answer().state, answer().problem) == ("draft", send_answer.NOT_ASKED)
    assert (closings(driver), at_stripe(driver, dispute)["status"]) == (0, "under_review")


def test_an_inquiry_is_refunded_instead(driver: PaymentDriver) -> None:
    dispute = dispute_of(driver, "pm_card_createDisputeInquiry")
    with pytest.raises(AnswerClosedError, match="Refund the payment"):
        accept(dispute)


def test_one_whose_job_was_given_up_is_seen_through(driver: PaymentDriver) -> None:
    dispute, other = dispute_of(driver), dispute_of(driver)
    accept(dispute)
    driver.let_workers_die(ACCEPT)
    driver.work()
    discard(driver.messages(ACCEPT)[0].id, "Looked at it", "ada")
    _accepted_long_ago()
    assert revive() == 1
    driver.work_all_waiting()
    assert (answer().state, again(dispute).state) == ("sent", "lost")
    assert (revive(), again(other).state) == (0, "needs_response")


@atomic
def _accepted_long_ago(session: Session) -> None:
    session.execute(update(DisputeAnswer).values(accepted_at=database_now(-86_400)))


def says(driver: PaymentDriver, status: str, times: int | None) -> None:
    """What Stripe says of every dispute from now on."""
    match = {"method": "GET", "path": "/v1/disputes/"}
    said = {"set": {"status": status}, "times": times}
    driver.sandbox("POST", "/_sandbox/faults", fault="say", match=match, **said)


@pytest.mark.parametrize("accepts", [True, False])
def test_at_a_status_that_we_do_not_know_nothing_is_done_that_can_not_be_taken_back(
    driver: PaymentDriver, accepts: bool
) -> None:
    dispute, other = dispute_of(driver), dispute_of(driver)
    revision = 0 if accepts else draft(dispute)
    driver.work()
    says(driver, "escalated", None)
    request = request_acceptance if accepts else request_submission
    request(dispute.id, revision=revision, actor="ada")
    for _ in range(3):
        driver.work_all_waiting()
    assert (answer().state, answer().problem, closings(driver)) == ("sending", None, 0)
    word = select(Alert).where(Alert.kind == "stripe_word")
    (told,) = db.session.scalars(word).all()
    assert "escalated" in told.message
    driver.sandbox("DELETE", "/_sandbox/faults")
    assert at_stripe(driver, dispute)["evidence_details"]["submission_count"] == 0
    driver.work_all_waiting()
    assert (answer().state, again(other).state) == ("sent", "needs_response")
