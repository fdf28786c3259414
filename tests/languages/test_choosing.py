"""Which language a buyer reads, on pages and in mails, and that nobody else reads it."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from demo.plans import add_demo_plans
from demo.products import add_demo_products
from payments_app.core import language
from payments_app.core.extensions import db
from payments_app.core.language import Reader, Words, speaking
from payments_app.core.money import Money
from payments_app.core.web.links import sign_name
from payments_app.customers.models import Customer
from payments_app.notices.models import Mail
from payments_app.payment_requests.ask import Wish, ask
from payments_app.payments.models import Transaction
from tests.checkout.checkout_client import BROWSER, CheckoutClient
from tests.customers.mailed_link import known, mailed
from tests.notices.sent_mails import mails
from tests.own_worker import work_all_due

pytestmark = pytest.mark.portable

GERMAN = BROWSER | {"Accept-Language": "de-DE,de;q=0.9,en;q=0.5"}


@pytest.fixture
def checkout(app: Flask, client: FlaskClient) -> CheckoutClient:
    with app.app_context():
        add_demo_products()
        add_demo_plans()
    return CheckoutClient(app, client)


def pay(checkout: CheckoutClient, *, card: str = "pm_card_visa", **more: str) -> str:
    """In whatever language this browser reads; the payment's id."""
    form = checkout.form() | {"payment_method": card} | more
    sent = checkout.client.post("/transactions", data=form, headers=BROWSER)
    assert sent.status_code == 303, sent.text
    with checkout.app.app_context():
        work_all_due()
    return str(sent.location.rpartition("/")[2])


def mail_of(checkout: CheckoutClient, transaction: str) -> Mail:
    with checkout.app.app_context():
        return next(one for one in mails() if one.transaction_id == transaction)


def is_german(page: str) -> bool:
    return '<html lang="de" dir="ltr">' in page and "Zum Inhalt springen" in page


def test_the_browser_the_address_and_its_cookie_choose_in_this_order(
    checkout: CheckoutClient,
) -> None:
    browser = checkout.client
    assert is_german(browser.get("/", headers=GERMAN).text)
    assert not is_german(browser.get("/", headers=BROWSER).text)
    assert not is_german(browser.get("/?lang=en", headers=GERMAN).text)
    assert not is_german(browser.get("/cart", headers=GERMAN).text), "the cookie is kept"
    assert is_german(browser.get("/?lang=de", headers=BROWSER).text)
    assert is_german(browser.get("/cart", headers=BROWSER).text)
    assert is_german(browser.get("/cart?lang=xx", headers=BROWSER).text), "none of ours"
    assert not is_german(checkout.stranger().get("/cart", headers=BROWSER).text)


def test_caches_are_told_what_the_page_depends_on(checkout: CheckoutClient) -> None:
    answer = checkout.client.get("/", headers=GERMAN)
    assert {"Accept-Language", "Cookie"} <= {name.strip() for name in answer.vary}
    assert answer.headers["Content-Language"] == "de"
    transaction = checkout.pay()
    assert "Accept-Language" in checkout.client.get(f"/transactions/{transaction}").headers["Vary"]


def test_staff_and_programs_read_english(checkout: CheckoutClient) -> None:
    browser = checkout.client
    browser.get("/?lang=de", headers=BROWSER)
    assert 'lang="de"' not in browser.get("/staff/login", headers=GERMAN).text
    problem = browser.post("/transactions", json={}, headers=GERMAN | {"Idempotency-Key": "k" * 20})
    assert problem.json["error"]["message"] == "Choose an item to pay for."
    failed = pay(checkout, card="pm_card_visa_chargeDeclined")
    said = browser.get(f"/transactions/{failed}", headers={"Accept-Language": "de"}).json
    assert said["error"]["message"].startswith("Your bank declined this payment.")
    assert said["amount_text"] == "$10.99"


def test_the_poll_and_a_refused_form_speak_the_pages_language(checkout: CheckoutClient) -> None:
    checkout.client.get("/?lang=de", headers=BROWSER)
    failed = pay(checkout, card="pm_card_visa_chargeDeclined")
    asked = checkout.client.get(f"/transactions/{failed}?partial=1").json
    assert "Ihre Bank hat diese Zahlung abgelehnt." in asked["html"]
    wrong = checkout.form() | {"email": "", "payment_method": "pm_card_visa"}
    refused = checkout.client.post(
        "/transactions", data=wrong, headers={"Accept": "application/json"}
    )
    assert refused.json["error"]["fields"] == {"email": "Geben Sie Ihre E-Mail-Adresse ein."}


def test_the_page_and_the_receipt_are_in_the_buyers_language_and_zone(
    checkout: CheckoutClient,
) -> None:
    checkout.client.get("/?lang=de", headers=BROWSER)
    paid = pay(checkout, time_zone="Asia/Tokyo")
    page = checkout.page(f"/thankyou?transaction={paid}").text.replace("\u00a0", " ")
    assert "10,99 $ wurden bezahlt." in page
    assert "+0900" in page
    receipt = mail_of(checkout, paid)
    assert receipt.subject.replace("\u00a0", " ").startswith("Ihre Quittung von ")
    assert receipt.subject.replace("\u00a0", " ").endswith(": 10,99 $")
    assert "Referenz:   " in receipt.text
    assert "+0900" in receipt.text
    assert "SANDBOX* " in page, "the name on the statement"
    assert "SANDBOX* " in receipt.text
    assert '<html lang="de" dir="ltr">' in receipt.html
    assert "Receipt" not in receipt.html


def test_a_zone_that_is_none_is_not_kept(checkout: CheckoutClient) -> None:
    paid = pay(checkout, time_zone="../../etc/passwd")
    with checkout.app.app_context():
        assert db.session.get_one(Transaction, paid).zone is None


def test_an_english_buyer_beside_a_german_one_reads_english(checkout: CheckoutClient) -> None:
    checkout.client.get("/?lang=de", headers=BROWSER)
    pay(checkout)
    other = CheckoutClient(checkout.app, checkout.stranger())
    paid = pay(other, email="grace@example.com")
    assert mail_of(checkout, paid).subject.startswith("Your receipt from ")


def test_the_account_keeps_the_language_and_a_stranger_does_not_change_it(
    checkout: CheckoutClient,
) -> None:
    checkout.client.get("/?lang=de", headers=BROWSER)
    pay(checkout)
    stranger = CheckoutClient(checkout.app, checkout.stranger())
    stranger.client.get("/?lang=en", headers=BROWSER)
    pay(stranger)
    assert language_of(checkout) == "de", "whoever types an address changes nothing"
    signed_in = known(checkout)
    assert is_german(signed_in.get("/account", headers=BROWSER).text)
    english = checkout.stranger()
    english.get("/?lang=en", headers=BROWSER)
    known(checkout, browser=english)
    assert language_of(checkout) == "en"


def language_of(checkout: CheckoutClient, email: str = "ada@example.com") -> str | None:
    with checkout.app.app_context():
        return db.session.scalar(select(Customer.language).where(Customer.email == email))


@pytest.mark.usefixtures("app_context")
def test_words_are_english_wherever_they_are_kept_and_german_where_they_are_read() -> None:
    words = Words("Pay %(amount)s", amount=Money(1099, "usd"))
    with speaking(Reader("de")):
        assert f"{words}".replace("\u00a0", " ") == "10,99 $ bezahlen"
        assert words == "Pay $10.99"
        assert language.current() == "de"
    assert f"{words}" == "Pay $10.99"


def test_a_name_can_not_put_markup_into_a_translated_sentence() -> None:
    words = Words("Buy %(name)s", name="<b>")
    assert words.__html__() == "Buy &lt;b&gt;"


def said(page: str) -> str:
    """The words between a page's head and its foot."""
    main = page.partition("<main")[2].partition("</main>")[0]
    return " ".join(re.sub(r"<[^>]*>|^[^>]*>", " ", main).split())


def test_a_problem_does_not_say_its_heading_again_in_any_language(checkout: CheckoutClient) -> None:
    for headers, words in (
        (
            BROWSER,
            "Page not found Check the address. The page may no longer exist. Back to the shop",
        ),
        (
            GERMAN,
            "Seite nicht gefunden Prüfen Sie die Adresse. Vielleicht gibt es die Seite nicht mehr. "
            "Zurück zum Shop",
        ),
    ):
        assert said(checkout.client.get("/nothing", headers=headers).text) == words
    for headers, heading, again in (
        (BROWSER, "This form has expired", "Nothing was sent. Go back, reload the page"),
        (GERMAN, "Dieses Formular ist abgelaufen", "Es wurde nichts gesendet. Gehen Sie zurück"),
    ):
        words = said(checkout.client.post("/cart/items", headers=headers).text)
        assert words.startswith(f"{heading} {again}")
        assert words.count(heading) == 1


def test_a_problem_leads_to_its_form_s_page_in_the_other_language(checkout: CheckoutClient) -> None:
    form, came = checkout.form(), "http://localhost/checkout/field-notes?quantity=3&key=k"
    expired, headers = form | {"csrf_token": "old"}, {**BROWSER, "Referer": came}
    page = checkout.client.post("/transactions", data=expired, headers=headers).text
    link = "/checkout/field-notes?quantity=3&lang=de"
    assert f'href="{link.replace("&", "&amp;")}"' in page
    assert is_german(checkout.client.get(link, headers=BROWSER).text)
    refused = checkout.client.post("/transactions", data=form | {"email": ""}, headers=BROWSER)
    assert refused.status_code == 422
    assert "lang=de" not in refused.text, "what was typed would be lost"


class TestTooOften:
    @pytest.fixture
    def settings(self, settings: dict[str, str]) -> dict[str, str]:
        return settings | {"CHECKOUT_RATE_LIMIT": "1/hour"}

    @pytest.mark.parametrize(
        ("headers", "words"),
        [
            (
                BROWSER,
                r"Too many requests Wait \d+ seconds and try again\. "
                r"If you were paying, check your payment's page before you try again\.",
            ),
            (
                GERMAN,
                r"Zu viele Anfragen Warten Sie \d+ Sekunden und versuchen Sie es noch einmal\. "
                r"Wenn Sie gerade bezahlt haben, sehen Sie",
            ),
        ],
    )
    def test_it_is_said_once_in_each_language(
        self, checkout: CheckoutClient, headers: dict[str, str], words: str
    ) -> None:
        token = {"csrf_token": checkout.form()["csrf_token"]}
        pages = [checkout.client.post("/orders", data=token, headers=headers) for _ in range(2)]
        assert pages[1].status_code == 429
        assert re.match(words, said(pages[1].text))


def test_path_then_account_then_browser_choose(checkout: CheckoutClient) -> None:
    checkout.client.get("/de/", headers=BROWSER)
    pay(checkout)
    ada = known(checkout, browser=checkout.stranger())
    assert is_german(ada.get("/cart", headers=BROWSER).text), "the account is before the browser"
    assert not is_german(ada.get("/en/cart", headers=GERMAN).text), "the path before the account"
    assert is_german(checkout.stranger().get("/cart", headers=GERMAN).text), "the browser at last"
    assert not is_german(checkout.stranger().get("/cart", headers=BROWSER).text)


def test_a_language_before_the_path_shows_the_same_page_and_is_kept(
    checkout: CheckoutClient,
) -> None:
    browser = checkout.stranger()
    paths = ("/de", "/de/", "/de/checkout/field-notes", "/de/cart", "/de/account")
    for path in paths:
        assert is_german(checkout.stranger().get(path, headers=BROWSER).text), path
    page = browser.get("/de/checkout/field-notes?quantity=2", headers=BROWSER).text
    assert 'action="/transactions"' in page
    assert 'href="/checkout/field-notes?quantity=2&amp;lang=en"' in page, "the other language"
    assert is_german(browser.get("/checkout/field-notes", headers=BROWSER).text), "kept"
    assert not is_german(browser.get("/de/cart?lang=en", headers=GERMAN).text)


@pytest.mark.parametrize(
    "path",
    ["/api/v1/products", "/staff/login", "/static/icon.svg", "/healthz", "/metrics", "/xx", "/de/"],
)
def test_no_other_path_has_a_second_name(checkout: CheckoutClient, path: str) -> None:
    assert checkout.client.get(f"/de{path}", headers=BROWSER).status_code == 404


def test_no_form_is_sent_below_a_language_and_no_link_signs_in_there(
    checkout: CheckoutClient,
) -> None:
    checkout.pay()
    link = mailed(checkout)
    assert checkout.client.get(link, headers=BROWSER).status_code == 200
    assert checkout.client.get(f"/de{link}", headers=BROWSER).status_code == 404
    form = checkout.form() | {"payment_method": "pm_card_visa"}
    assert checkout.client.post("/de/transactions", data=form).status_code == 404


def test_search_engines_are_told_of_each_language_s_address(checkout: CheckoutClient) -> None:
    site = checkout.app.config["CONFIG"].public_url
    page = "/checkout/field-notes"
    told = {
        'rel="alternate" href="' + site + before + page + f'" hreflang="{code}"'
        for code, before in (("de", "/de"), ("en", "/en"), ("x-default", ""))
    }
    for own, address in (("/de", f"/de{page}"), ("", page), ("/en", f"{page}?lang=en")):
        shown = " ".join(checkout.stranger().get(address, headers=BROWSER).text.split())
        assert f'rel="canonical" href="{site}{own}{page}"' in shown
        assert all(one in shown for one in told)
    assert "x-default" not in checkout.client.get("/cart", headers=BROWSER).text


def test_no_search_engine_is_told_of_a_link_to_pay(checkout: CheckoutClient) -> None:
    with checkout.app.app_context():
        asked, _ = ask(Wish(Money(1500, "usd"), "The lamp"), "staff")
        name = sign_name(asked)
    for before in ("", "/de"):
        answer = checkout.stranger().get(f"{before}/checkout/{name}", headers=BROWSER)
        assert (answer.status_code, answer.headers["X-Robots-Tag"]) == (200, "noindex")
        assert "The lamp" in answer.text
        assert not re.search(r'rel="(canonical|alternate)"', answer.text)
    sold = checkout.stranger().get("/checkout/field-notes", headers=BROWSER)
    assert "X-Robots-Tag" not in sold.headers
