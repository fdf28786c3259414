"""What was bought stands on every page about it, and what is said agrees with what can be done."""

from __future__ import annotations

import html
import re

import pytest
from flask.testing import FlaskClient

from tests.checkout.checkout_client import CheckoutClient

pytestmark = pytest.mark.portable
DECLINED = "pm_card_visa_chargeDeclined"
THREE = ("Field notes", "3 \u00d7 $10.99", "$32.97", "Sold by Corner Shop")


def read(checkout: CheckoutClient, path: str, client: FlaskClient | None = None) -> str:
    """What a page says, without its tags."""
    answer = checkout.page(path, client)
    assert answer.status_code == 200, path
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def test_the_form_says_how_many_of_what_at_which_price_of_whom(checkout: CheckoutClient) -> None:
    text = read(checkout, "/checkout/field-notes?quantity=3")
    assert all(words in text for words in THREE)


def test_the_status_the_thank_you_and_the_retry_say_it_too(checkout: CheckoutClient) -> None:
    failed = checkout.pay(DECLINED, quantity=3)
    order = checkout.order_of(failed)
    paid = checkout.pay(item=order)
    waiting = checkout.pay("pm_card_authenticationRequired", quantity=3)
    retried = checkout.pay(DECLINED, quantity=3)
    for path in (
        f"/transactions/{failed}",
        f"/thankyou?transaction={paid}",
        f"/transactions/{waiting}",
        f"/checkout/{checkout.order_of(retried)}",
    ):
        assert all(words in read(checkout, path) for words in THREE), path


def test_a_stranger_does_not_read_what_was_bought(checkout: CheckoutClient) -> None:
    path = f"/transactions/{checkout.pay(DECLINED, quantity=3)}"
    assert THREE[1] in read(checkout, path)
    assert THREE[1] not in read(checkout, path, checkout.stranger())


def test_something_free_is_not_called_paid(checkout: CheckoutClient) -> None:
    answer = checkout.post(item="sticker", payment_method=None)
    id_ = answer.json["id"]
    pages = ["/checkout/sticker", f"/transactions/{id_}"]
    texts = [read(checkout, path) for path in pages]
    checkout.work()
    texts += [read(checkout, f"/thankyou?transaction={id_}")]
    assert "The confirmation goes here." in texts[0]
    assert "The receipt goes here." not in texts[0]
    stranger = read(checkout, f"/transactions/{id_}", checkout.stranger())
    assert "All set" in stranger
    for text in (*texts, stranger):
        assert not re.search(r"\bpaid\b|\bPayment\b|\bPay for\b|\$0\.00", text)
        assert "Processing your payment" not in text
        assert "\u00d7" not in text


def test_something_free_that_fails_is_no_payment_either(checkout: CheckoutClient) -> None:
    free = checkout.post(item="sticker", payment_method=None).json["id"]
    paid_for = checkout.post().json["id"]
    for id_ in (free, paid_for):
        checkout.move(id_, "processing", "failed")
    said = "We couldn't complete your order. Try again."
    assert said in read(checkout, f"/transactions/{free}")
    assert "make this payment" not in read(checkout, f"/transactions/{free}")
    assert said not in read(checkout, f"/transactions/{paid_for}")
    assert "We couldn't make this payment. Try again." in read(
        checkout, f"/transactions/{paid_for}"
    )


def test_an_old_attempt_of_what_was_paid_since_says_so(checkout: CheckoutClient) -> None:
    failed = checkout.pay(DECLINED)
    paid = checkout.pay(item=checkout.order_of(failed))
    text = read(checkout, f"/transactions/{failed}")
    assert "Paid by another attempt" in text
    assert "What it was for is paid since." in text
    assert "Try another card" not in text
    page = checkout.page(f"/transactions/{failed}").text
    assert f'href="/transactions/{paid}"' in page
    assert icons(page) == ["done"]
    stranger = checkout.page(f"/transactions/{failed}", checkout.stranger()).text
    assert "Paid by another attempt" in stranger
    assert paid not in stranger


def test_an_old_attempt_beside_a_newer_one_offers_no_other(checkout: CheckoutClient) -> None:
    failed = checkout.pay(DECLINED)
    checkout.post(item=checkout.order_of(failed))
    text = read(checkout, f"/transactions/{failed}")
    assert "Another attempt is under way" in text
    assert "Don't pay again" in text
    assert icons(checkout.page(f"/transactions/{failed}").text) == ["bank"]


@pytest.mark.parametrize(
    ("card", "heading", "button"),
    [
        (DECLINED, "Payment failed", "Try another card"),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "Payment failed", "Try another card"),
        ("pm_card_chargeDeclinedExpiredCard", "Payment failed", "Try another card"),
        ("pm_card_chargeDeclinedIncorrectCvc", "Payment failed", "Try again"),
        ("pm_card_chargeDeclinedProcessingError", "Payment failed", "Try again"),
    ],
)
def test_the_button_does_what_the_sentence_says(
    checkout: CheckoutClient, card: str, heading: str, button: str
) -> None:
    page = checkout.page(f"/transactions/{checkout.pay(card)}").text
    assert f"<h1>{heading}</h1>" in page
    assert re.search(rf">\s*{button}</a>", page)


def icons(page: str) -> list[str]:
    """What stands above the headings."""
    return re.findall(r'class="icon icon-(\w+)"', page)


def order_of(page: str) -> str:
    """The order as it stands beside a form, or what became of it: all that lies before."""
    (found,) = re.findall(r"<details class=\"reveal\".*?</section>", page, re.DOTALL)
    return " ".join(found.split())


def test_the_order_stands_first_and_is_the_same_beside_the_form_and_what_became_of_it(
    checkout: CheckoutClient,
) -> None:
    before = order_of(checkout.page("/checkout/field-notes?quantity=3").text)
    assert before.count("$32.97") == 3  # folded, its total, its line
    for card in (DECLINED, "pm_card_authenticationRequired"):
        page = checkout.page(f"/transactions/{checkout.pay(card, quantity=3)}").text
        assert order_of(page) == before
        assert page.index('class="card order"') < page.index("card outcome")


def test_the_amount_is_not_said_again_below_the_outcome(checkout: CheckoutClient) -> None:
    failed = f"/transactions/{checkout.pay(DECLINED, quantity=3)}"
    assert "<dt>Amount</dt>" not in checkout.page(failed).text
    assert "<dt>Amount</dt>" in checkout.page(failed, checkout.stranger()).text
    paid = f"/thankyou?transaction={checkout.pay(quantity=3)}"
    assert "<dt>Amount</dt>" not in checkout.page(paid).text


@pytest.mark.parametrize("phase", ["processing", "unknown", "awaiting_bank"])
def test_three_steps_say_what_is_done_and_what_is_left(
    checkout: CheckoutClient, phase: str
) -> None:
    waiting = checkout.post().json["id"]
    checkout.move(waiting, *dict.fromkeys(("processing", phase)))
    page = checkout.page(f"/transactions/{waiting}").text
    (steps,) = re.findall(r"<ol class=\"steps\">.*?</ol>", page, re.DOTALL)
    assert re.findall(r"<li([^>]*)>([^<]+)", steps) == [
        (' class="done"', "Your order is received"),
        (' aria-current="step"', "Your bank decides"),
        ("", "Your receipt comes by e-mail"),
    ]


def test_what_has_ended_and_what_is_free_has_no_steps(checkout: CheckoutClient) -> None:
    free = checkout.post(item="sticker", payment_method=None).json["id"]
    for id_ in (free, checkout.pay(DECLINED)):
        page = checkout.page(f"/transactions/{id_}").text
        assert "steps" not in page
