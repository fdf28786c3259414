"""What is so with a payment, what needs doing and which actions are open: one pure function."""

from __future__ import annotations

from typing import Any

import pytest

from payments_app.payments.phases import Phase
from payments_app.payments.states import PUBLIC_STATE
from payments_app.payments.truth import Truth, truth
from payments_app.payments.truth_facts import DisputeFact, Facts, RefundFact
from payments_app.staff.verdict import next_step_of, words_of

STOLEN = {"type": "card_error", "code": "card_declined", "decline_code": "stolen_card"}


def about(phase: str = "complete", **more: Any) -> Truth:
    """The truth about a payment of $10.99, the only attempt unless said otherwise."""
    state = PUBLIC_STATE[phase]
    more = {"attempts": (("txn_1", state),)} | more
    return truth(Facts("txn_1", phase, state, 1099 if phase == "complete" else 0, **more))


def refund(state: str, amount: int = 500, **more: Any) -> RefundFact:
    return RefundFact(f"rfd_{state}_{amount}", state, amount, **more)


def dispute(state: str = "needs_response", *, closed: bool = False, **more: Any) -> DisputeFact:
    asked = state == "needs_response"
    more = {"withdrawn": True, "until": "2026-12-01T00:00:00+00:00"} | more
    more = {"taken": 1099 if more["withdrawn"] else 0} | more
    return DisputeFact("dsp_1", state, 1099, needs_answer=asked, closed=closed, **more)


@pytest.mark.parametrize("phase", list(Phase))
def test_what_nothing_happened_to_is_in_its_phase_and_needs_nobody(phase: str) -> None:
    found = about(phase)
    assert (found.status, found.needs) == (phase, ())


@pytest.mark.parametrize(
    ("refunds", "status", "returned", "coming", "kept"),
    [
        ([refund("succeeded", 1099)], "refunded", 1099, 0, 0),
        ([refund("succeeded")], "partly_refunded", 500, 0, 599),
        ([refund("requested")], "refund_pending", 0, 500, 599),
        ([refund("succeeded", 99), refund("pending")], "refund_pending", 99, 500, 500),
        ([refund("failed")], "refund_failed", 0, 0, 1099),
    ],
)
def test_refunds_are_said_in_one_status_and_sums(
    refunds: list[RefundFact], status: str, returned: int, coming: int, kept: int
) -> None:
    found = about(refunds=refunds)
    sums = (found.returned, found.coming, found.kept)
    assert (found.status, sums) == (status, (returned, coming, kept))


@pytest.mark.parametrize(
    ("refunds", "words"),
    [
        ([refund("pending")], "$5.00 on its way back, $5.99 kept"),
        *(
            ([refund(state)], "$5.00 not confirmed by Stripe yet, $5.99 kept")
            for state in ("requested", "processing", "unknown")
        ),
        (
            [refund("requires_action", 99), refund("unknown")],
            "$0.99 on its way back, $5.00 not confirmed by Stripe yet, $5.00 kept",
        ),
    ],
)
def test_only_what_stripe_has_is_said_to_be_on_its_way(
    refunds: list[RefundFact], words: str
) -> None:
    found = about(refunds=refunds)
    assert words_of(found, "usd") == words
    confirmed = "not confirmed" not in words
    assert ("is on its way back" in next_step_of(found, "")) == confirmed
    assert ("Stripe has not confirmed" in next_step_of(found, "")) != confirmed


def test_a_refund_that_failed_needs_somebody_who_may_refund() -> None:
    (need,) = about(refunds=[refund("failed", error_message="Lost")]).needs
    assert (need.what, need.by, need.amount, need.about) == ("refund_failed", "refund", 500, "Lost")


@pytest.mark.parametrize(
    "refunds",
    [
        [refund("failed"), refund("succeeded")],
        [refund("failed"), refund("failed"), refund("succeeded")],
        [refund("failed"), refund("succeeded", 1099)],
        [refund("failed", error_code="refund_listed")],
    ],
)
def test_a_refund_that_was_made_after_all_needs_nobody(refunds: list[RefundFact]) -> None:
    assert about(refunds=refunds).needs == ()


@pytest.mark.parametrize("others", [[99], [598], [99, 99]])
def test_a_refund_that_failed_is_not_made_good_by_one_of_another_amount(others: list[int]) -> None:
    made = [refund("succeeded", 500), refund("failed"), *(refund("pending", n) for n in others)]
    needs = about(refunds=made).needs
    assert [(need.what, need.amount) for need in needs] == [("refund_failed", 500)]


def test_one_refund_makes_good_one_that_failed() -> None:
    made = [refund("failed", 300), refund("succeeded", 300), refund("failed", 300)]
    assert len(about(refunds=made).needs) == 1


def test_a_refund_that_failed_twice_is_one_need() -> None:
    twice = [refund("failed"), RefundFact("rfd_2", "failed", 500)]
    assert [need.key for need in about(refunds=twice).needs] == ["refund_failed:rfd_2"]


def test_an_open_dispute_is_answered_by_its_deadline() -> None:
    found = about(disputes=[dispute()])
    (need,) = found.needs
    assert found.status == "disputed"
    assert (need.what, need.by, need.until) == (
        "dispute",
        "answer_dispute",
        "2026-12-01T00:00:00+00:00",
    )


def test_a_dispute_that_the_bank_decides_needs_nobody() -> None:
    found = about(disputes=[dispute("under_review")])
    assert (found.status, found.needs) == ("disputed", ())


def test_a_lost_dispute_took_the_money() -> None:
    found = about(disputes=[dispute("lost", closed=True)])
    assert (found.status, found.taken, found.kept) == ("dispute_lost", 1099, 0)


@pytest.mark.parametrize(
    ("refunds", "status", "kept", "words"),
    [
        ([], "dispute_won", 500, "$5.99 did not come back, $5.00 kept"),
        ([refund("failed")], "refund_failed", 500, "$5.00 did not arrive"),
        (
            [refund("succeeded")],
            "dispute_won",
            0,
            "$5.00 refunded, $5.99 did not come back",
        ),
    ],
)
def test_a_dispute_that_was_won_with_less_back_says_what_is_missing(
    refunds: list[RefundFact], status: str, kept: int, words: str
) -> None:
    won = dispute("won", closed=True, withdrawn=False, taken=599)
    found = about(disputes=[won], refunds=refunds)
    assert (found.status, found.taken, found.kept) == (status, 599, kept)
    assert words_of(found, "usd") == words
    assert ("refund" in found.closed) == (kept == 0)


def test_a_dispute_that_was_won_leaves_a_paid_payment() -> None:
    found = about(disputes=[dispute("won", closed=True, withdrawn=False)])
    assert found == about()


def test_nothing_is_refunded_while_the_bank_has_the_money() -> None:
    assert about(disputes=[dispute()]).closed["refund"] == "disputed"


def test_an_early_fraud_warning_is_told_until_the_money_is_back() -> None:
    assert [n.what for n in about(warnings=["issfr_1"]).needs] == ["fraud_warning"]
    assert about(warnings=["issfr_1"], refunds=[refund("succeeded", 1099)]).needs == ()


def test_findings_and_dead_jobs_need_somebody() -> None:
    found = about(findings=[(7, "amount_differs")], dead=[(9, "ledger.post_capture")])
    assert {need.key for need in found.needs} == {"finding:7", "dead_letter:9"}


def test_what_a_person_answered_needs_nobody_any_more() -> None:
    answered = frozenset({"refund_failed:rfd_failed_500"})
    found = about(refunds=[refund("failed")], answered=answered)
    assert (found.needs, found.status) == ((), "complete")


@pytest.mark.parametrize(
    ("others", "why"),
    [
        ([("txn_1", "failed"), ("txn_2", "complete")], "paid"),
        ([("txn_1", "failed"), ("txn_2", "pending")], "under_way"),
        ([("txn_1", "failed"), ("txn_2", "failed")], "newer"),
        (None, "no_payable"),
    ],
)
def test_a_failed_attempt_is_not_retried_beside_another(
    others: list[tuple[str, str]] | None, why: str
) -> None:
    assert about("failed", attempts=others).closed["retry"] == why


def test_a_failed_attempt_is_retried_once_at_a_time() -> None:
    assert "retry" not in about("failed").closed
    assert about("failed", retry_asked=True).closed["retry"] == "in_progress"


def test_a_stolen_card_is_not_retried_and_its_owner_may_pay_with_another() -> None:
    found = about("failed", error=STOLEN)
    assert found.closed["retry"] == "policy"
    assert "pay_again" not in found.closed


def test_the_buyer_pays_once() -> None:
    paid = [("txn_1", "failed"), ("txn_2", "complete")]
    assert about("failed", attempts=paid).closed["pay_again"] == "paid"


def test_what_was_given_back_whole_may_be_paid_anew() -> None:
    tried = [("txn_0", "complete"), ("txn_1", "failed")]
    assert about("failed", attempts=tried).closed["pay_again"] == "paid"
    assert "pay_again" not in about("failed", attempts=tried, released=frozenset({"txn_0"})).closed
