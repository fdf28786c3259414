"""The status of a payment: what it says, to whom, and how often it wants to be asked."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from payments_app.checkout import watch
from payments_app.checkout.status import FIRST_POLL_MS, local_time, pace_ms
from payments_app.core.db.ids import new_id, reference
from payments_app.core.extensions import db
from payments_app.core.web.limits import Rate
from payments_app.payments.models import Transaction
from payments_app.payments.phases import Phase
from tests.checkout.checkout_client import BROWSER, CheckoutClient
from tests.whole_words import says

pytestmark = pytest.mark.portable
FACT = re.compile(r"<dt>([^<]+)</dt>\s+<dd>\s+<bdi>([^<]+)</bdi>")


def test_a_new_payment_is_pending_and_asks_for_a_first_poll_within_half_a_second(
    checkout: CheckoutClient,
) -> None:
    status = checkout.status(checkout.post().json["id"])
    assert (status["state"], status["phase"]) == ("pending", "created")
    assert 300 <= status["next_poll_ms"] <= 330


def test_the_first_question_comes_after_a_tenth_of_a_second(checkout: CheckoutClient) -> None:
    posted = checkout.post().json
    assert posted["next_poll_ms"] == 100
    assert 'data-first-poll-ms="100"' in checkout.page(posted["url"]).text


@pytest.mark.parametrize(("seconds", "most"), [(1, 4), (8, 11), (30, 16), (60, 22)])
def test_a_payment_is_asked_for_a_few_times_however_long_it_takes(seconds: int, most: int) -> None:
    asked, at = 1, FIRST_POLL_MS
    while at < seconds * 1000:
        wait = pace_ms(at)
        assert wait <= 5000
        asked, at = asked + 1, at + wait
    assert asked == most


def test_a_complete_payment_says_so_and_wants_no_more_polls(checkout: CheckoutClient) -> None:
    status = checkout.status(checkout.pay())
    assert (status["state"], status["error"], status["next_poll_ms"]) == ("complete", None, None)
    assert status["amount_text"] == "$10.99"


def test_a_pending_payment_carries_retry_after_and_an_ended_one_does_not(
    checkout: CheckoutClient,
) -> None:
    pending = checkout.client.get(f"/transactions/{checkout.post().json['id']}")
    ended = checkout.client.get(f"/transactions/{checkout.pay()}")
    assert pending.headers["Retry-After"] == "1"
    assert "Retry-After" not in ended.headers


def test_a_failed_payment_says_why_in_a_buyers_words(checkout: CheckoutClient) -> None:
    failed = checkout.pay("pm_card_visa_chargeDeclinedInsufficientFunds")
    error = checkout.status(failed)["error"]
    assert error["message"].startswith("Your card does not have enough funds")
    assert (error["code"], error["type"]) == ("card_declined", "card_error")


def test_a_stolen_card_reads_as_any_other_decline(checkout: CheckoutClient) -> None:
    stolen = checkout.status(checkout.pay("pm_card_visa_chargeDeclinedStolenCard"))
    generic = checkout.status(checkout.pay("pm_card_visa_chargeDeclined"))
    assert stolen["error"] == generic["error"]


def test_the_buyers_own_browser_reads_what_is_personal(checkout: CheckoutClient) -> None:
    status = checkout.status(checkout.pay())
    assert status["email"] == "ada@example.com"
    assert status["stripe_payment_id"].startswith("pi_")
    assert status["card"] == {"brand": "visa", "last4": "4242"}
    assert status["thankyou_url"] == f"/thankyou?transaction={status['id']}"


@pytest.fixture
def stranger(checkout: CheckoutClient) -> FlaskClient:
    """Somebody with a cookie of their own."""
    stranger = checkout.stranger()
    stranger.get("/checkout/field-notes", headers=BROWSER)
    return stranger


def test_a_stranger_with_the_address_reads_nothing_personal(
    checkout: CheckoutClient, stranger: FlaskClient
) -> None:
    paid = checkout.pay()
    status = checkout.status(paid, stranger)
    personal = {"email", "stripe_payment_id", "card", "client_secret", "thankyou_url"}
    assert status["state"] == "complete"
    assert personal.isdisjoint(status)
    for path in (f"/transactions/{paid}", f"/thankyou?transaction={paid}"):
        text = checkout.page(path, stranger).text
        assert "ada@" not in text
        assert not says(text, "4242")


def test_the_client_secret_is_given_only_while_the_bank_asks(checkout: CheckoutClient) -> None:
    asked = checkout.status(checkout.pay("pm_card_authenticationRequired"))
    assert asked["phase"] == "requires_action"
    assert asked["client_secret"].startswith(asked["stripe_payment_id"])
    assert "client_secret" not in checkout.status(checkout.pay())


def test_a_stranger_never_gets_the_client_secret(
    checkout: CheckoutClient, stranger: FlaskClient
) -> None:
    asked = checkout.pay("pm_card_authenticationRequired")
    for path in (f"/transactions/{asked}", f"/transactions/{asked}?partial=1"):
        assert "_secret_" not in stranger.get(path).text
    assert "_secret_" not in checkout.page(f"/transactions/{asked}").text


def test_only_its_own_buyer_is_asked_to_confirm_it(
    checkout: CheckoutClient, stranger: FlaskClient
) -> None:
    path = f"/transactions/{checkout.pay('pm_card_authenticationRequired')}"
    asked, elsewhere = (
        "Nothing is charged before you do.",
        "Continue in the browser where you started this payment.",
    )
    mine, others = (checkout.page(path, one).text for one in (None, stranger))
    assert (asked in mine, elsewhere in mine) == (True, False)
    assert (asked in others, elsewhere in others) == (False, True)


def test_an_unchanged_status_answers_304(checkout: CheckoutClient) -> None:
    path = f"/transactions/{checkout.post().json['id']}"
    etag = checkout.client.get(path).headers["ETag"]
    again = checkout.client.get(path, headers={"If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")
    assert 300 <= int(again.headers["X-Next-Poll-Ms"]) <= 330
    checkout.work()
    changed = checkout.client.get(path, headers={"If-None-Match": etag})
    assert (changed.status_code, changed.json["state"]) == (200, "complete")


def test_the_status_is_kept_by_no_cache_and_found_by_no_search_engine(
    checkout: CheckoutClient,
) -> None:
    for headers in ({}, BROWSER):
        answer = checkout.client.get(f"/transactions/{checkout.pay()}", headers=headers)
        assert answer.headers["Cache-Control"] == "private, no-store, no-cache, must-revalidate"
        assert answer.headers["X-Robots-Tag"] == "noindex"
        assert "Accept" in answer.headers["Vary"]


def test_a_program_reads_json_and_a_person_a_page_at_one_address(checkout: CheckoutClient) -> None:
    path = f"/transactions/{checkout.post().json['id']}"
    assert checkout.client.get(path, headers={"Accept": "*/*"}).mimetype == "application/json"
    assert checkout.page(path).mimetype == "text/html"


def test_the_versioned_address_answers_the_same(checkout: CheckoutClient) -> None:
    paid = checkout.pay()
    assert checkout.client.get(f"/api/v1/transactions/{paid}").json == checkout.status(paid)


def test_every_miss_is_the_same_404(checkout: CheckoutClient) -> None:
    misses = [new_id("txn"), "txn_1", "1", new_id("ord"), "..%2f"]
    answers = [checkout.client.get(f"/api/v1/transactions/{miss}") for miss in misses]
    assert {answer.status_code for answer in answers} == {404}
    errors = [answer.json["error"] for answer in answers]
    named = [error.pop("request_id") for error in errors]
    assert named == [answer.headers["X-Request-ID"] for answer in answers]
    assert all(error == errors[0] for error in errors)


@pytest.mark.parametrize(
    ("card", "words"),
    [
        ("pm_card_visa_chargeDeclined", "Payment failed"),
        ("pm_card_authenticationRequired", "Confirm this payment with your bank"),
    ],
)
def test_the_first_rendering_already_shows_the_state(
    checkout: CheckoutClient, card: str, words: str
) -> None:
    assert words in checkout.page(f"/transactions/{checkout.pay(card)}").text


def test_a_stranger_is_shown_that_it_is_complete_and_no_more(
    checkout: CheckoutClient, stranger: FlaskClient
) -> None:
    text = checkout.page(f"/transactions/{checkout.pay()}", stranger).text
    assert "Payment complete" in text
    assert "See the details" not in text


def test_the_poll_renders_the_pages_own_partial(checkout: CheckoutClient) -> None:
    path = f"/transactions/{checkout.pay('pm_card_visa_chargeDeclined')}"
    page = checkout.page(path).text
    partial = checkout.client.get(f"{path}?partial=1").json["html"]
    assert _squeezed(partial) in _squeezed(page)


def test_an_unknown_outcome_is_never_called_a_failure(checkout: CheckoutClient) -> None:
    lost = checkout.post().json["id"]
    checkout.move(lost, "processing", "unknown")
    page = checkout.page(f"/transactions/{lost}").text
    assert "We're checking with your bank" in page
    assert "Don't pay again" in page
    assert checkout.status(lost)["state"] == "pending"
    assert "not made" not in page


def test_looking_at_an_unknown_outcome_stages_one_look_up(checkout: CheckoutClient) -> None:
    lost = checkout.post().json["id"]
    checkout.move(lost, "processing", "unknown")
    for _ in range(3):
        checkout.status(lost)
    assert 1 <= checkout.waiting("check") <= 2  # one for each quarter of a minute


def test_coming_back_from_the_bank_leaves_the_address_with_the_secret(
    checkout: CheckoutClient,
) -> None:
    asked = checkout.pay("pm_card_authenticationRequired")
    back = "?payment_intent=pi_1&payment_intent_client_secret=x&redirect_status=succeeded"
    answer = checkout.page(f"/transactions/{asked}{back}")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/transactions/{asked}")
    assert checkout.waiting("check") == 1


def test_a_network_has_stripe_asked_so_often_a_minute_and_still_sees_its_payments(
    checkout: CheckoutClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "_CHECKS", Rate(2, 3600))
    asked = [checkout.pay("pm_card_authenticationRequired") for _ in range(4)]
    looks = [checkout.page(f"/transactions/{each}?payment_intent=pi_1") for each in asked]
    assert [look.status_code for look in looks] == [303] * 4
    assert checkout.client.post(f"/transactions/{asked[3]}/checks", json={}).status_code == 202
    assert checkout.waiting("check") == 2


def test_a_check_of_a_pending_payment_is_accepted_and_of_an_ended_one_empty(
    checkout: CheckoutClient,
) -> None:
    ended, pending = checkout.pay(), checkout.post().json["id"]
    assert checkout.client.post(f"/transactions/{pending}/checks", json={}).status_code == 202
    assert checkout.client.post(f"/transactions/{ended}/checks", json={}).status_code == 204


def test_a_check_sent_as_a_form_needs_its_token(checkout: CheckoutClient) -> None:
    pending = checkout.post().json["id"]
    assert checkout.client.post(f"/transactions/{pending}/checks", data={}).status_code == 400


def test_the_thank_you_page_tells_what_was_paid(checkout: CheckoutClient) -> None:
    paid = checkout.pay()
    text = checkout.page(f"/thankyou?transaction={paid}").text
    facts = dict(FACT.findall(text.partition('class="facts"')[2]))
    with checkout.app.app_context():
        row = db.session.get_one(Transaction, paid)
        assert row.statement_descriptor
        assert row.ended_at
        assert facts == {
            "Date": local_time(row.ended_at, row.zone),
            "For": row.description,
            "Reference": reference(paid),
            "Card": "Visa ending in 4242",
            "On your statement": row.statement_descriptor,
        }
    for words in ("$10.99", "We'll e-mail a receipt to ada@example.com"):
        assert words in text


@pytest.mark.parametrize(
    "phases",
    [
        (),
        (Phase.PROCESSING,),
        (Phase.PROCESSING, Phase.UNKNOWN),
        (Phase.PROCESSING, Phase.REQUIRES_ACTION),
        (Phase.PROCESSING, Phase.AWAITING_BANK),
        (Phase.PROCESSING, Phase.FAILED),
        (Phase.PROCESSING, Phase.CANCELED),
    ],
)
def test_the_reference_is_on_the_page_whatever_became_of_it(
    checkout: CheckoutClient, phases: tuple[Phase, ...]
) -> None:
    id_ = checkout.post().json["id"]
    checkout.move(id_, *phases)
    page = checkout.page(f"/transactions/{id_}").text
    assert f'data-phase="{phases[-1] if phases else Phase.CREATED}"' in page
    assert dict(FACT.findall(page))["Reference"] == reference(id_)


def test_a_payment_s_address_can_not_be_guessed(checkout: CheckoutClient) -> None:
    ids = [checkout.post().json["id"] for _ in range(3)]
    assert all(re.fullmatch(r"txn_[0-9a-z]{26}", id_) for id_ in ids)
    # Nothing in it is shared, as a counter or the time would be.
    assert [len({id_[part : part + 6] for id_ in ids}) for part in (5, 12, 24)] == [3, 3, 3]
    assert checkout.page(f"/transactions/{new_id('txn')}").status_code == 404


def test_who_paid_is_thanked_where_the_payment_ended_before_its_page_was_asked_for(
    checkout: CheckoutClient,
) -> None:
    paid = checkout.pay()
    page = checkout.client.get(f"/transactions/{paid}", headers={"Accept": "text/html"})
    assert page.status_code == 303
    assert page.headers["Location"] == f"/thankyou?transaction={paid}&returning=1"
    assert "private" in page.headers["Cache-Control"]
    assert checkout.page(f"/transactions/{paid}", checkout.stranger()).status_code == 200


def test_the_thank_you_page_knows_this_browsers_last_payment(checkout: CheckoutClient) -> None:
    paid = checkout.pay()
    assert checkout.status(paid)["reference"] in checkout.page("/thankyou").text
    assert checkout.page("/thankyou", checkout.stranger()).status_code == 404


def test_nobody_is_thanked_for_a_payment_that_is_not_complete(checkout: CheckoutClient) -> None:
    failed = checkout.pay("pm_card_visa_chargeDeclined")
    answer = checkout.page("/thankyou")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/transactions/{failed}")


def test_without_scripts_the_page_reloads_itself_and_stops(checkout: CheckoutClient) -> None:
    path = f"/transactions/{checkout.post().json['id']}"
    assert re.search(r'http-equiv="refresh"\s+content="2;url=[^"]+\?n=1"', checkout.page(path).text)
    assert "http-equiv" not in checkout.page(f"{path}?n=20").text


def test_a_script_that_polls_is_done_when_the_state_is_complete(checkout: CheckoutClient) -> None:
    started = checkout.post().json
    states = []
    while not states or states[-1] == "pending":
        states.append(checkout.client.get(started["url"]).json["state"])
        checkout.work()
    assert states == ["pending", "complete"]
    assert checkout.client.get("/thankyou").status_code == 200


def _squeezed(html: str) -> str:
    return re.sub(r"\s+", "", html)
