"""In a made-up language no page and no mail of a buyer shows a sentence that is in no catalogue."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask, render_template
from flask.testing import FlaskClient
from sqlalchemy import update
from sqlalchemy.orm import Session

from demo.plans import DEMO_PLANS, add_demo_plans
from demo.products import DEMO_PRODUCTS, add_demo_products
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.money import Money
from payments_app.core.web import links
from payments_app.core.web.links import sign_name
from payments_app.customers.models import Customer
from payments_app.notices.models import Mail
from payments_app.orders.product_models import Product
from payments_app.payment_requests.ask import Wish, ask, cancel
from payments_app.payment_requests.find_consents import PURPOSE
from payments_app.payments.phases import Phase
from payments_app.payments.refunds.request import request_refund
from payments_app.subscriptions import change
from payments_app.subscriptions.renew import stage_due
from tests.api.application import Application, new_key
from tests.api.test_consent_pages import consent_of, press
from tests.api.test_consents_ending import both_kept
from tests.bystanders import own
from tests.checkout.checkout_client import BROWSER, CheckoutClient
from tests.customers.mailed_link import known, mailed
from tests.languages.pseudo import PSEUDO, misread, spoken, texts_of, turned, untranslated
from tests.languages.visits import noted, said_of, visits
from tests.notices.sent_mails import mails
from tests.own_worker import work_all_due
from tests.reconcile.books import execute
from tests.subscriptions.billing_driver import BillingDriver, at

NAMES = "|".join(
    [text for each in (*DEMO_PRODUCTS, *DEMO_PLANS) for text in each[1:3]]
    + ["Shop of tests", "English", "Deutsch", "example.com", "JavaScript", "Visa", "Mastercard"]
    + [
        "ada",
        "name@example",
        "Field Notes",
        "USD",
        "EUR",
        "JPY",
        "Stripe",
        "Club",
        "Plus",
        "US$",
        "{amount}",
        "Tea Rooms",
        "Folding pattern",
        "[link]",
        "Two tickets",
    ]
)


@pytest.fixture
def settings(settings: dict[str, str]) -> dict[str, str]:
    """A shop with all that a receipt says of its seller."""
    return settings | {"SHOP_ADDRESS": "1|2", "SHOP_TAX_ID": "3"}


@pytest.fixture(autouse=True)
def pseudo(app: Flask, request: pytest.FixtureRequest) -> Iterator[None]:
    """Everybody reads the made-up language. A test visits the templates that it says it visits."""
    with spoken(), noted(app.jinja_env) as rendered:
        yield
    assert said_of(request) - rendered == set()


@pytest.fixture
def checkout(app: Flask, client: FlaskClient) -> CheckoutClient:
    """A buyer who reads the made-up language."""
    with app.app_context():
        add_demo_products()
        add_demo_plans()
    client.get(f"/?lang={PSEUDO}", headers=BROWSER)
    return CheckoutClient(app, client)


def english(checkout: CheckoutClient, page: str) -> list[str]:
    """What of a page is English, without names and the shop's own host. Nor may its values lose
    their order."""
    assert f'<html lang="{PSEUDO}" dir="rtl"' in page
    assert misread(page) == []
    names = f"{NAMES}|{checkout.app.config['CONFIG'].shop_name}"
    return [text for text in texts_of(page) if untranslated(text, names)]


def english_of_mail(app: Flask, mail: Mail) -> list[str]:
    names = f"{NAMES}|{app.config['CONFIG'].shop_name}"
    site = app.config["CONFIG"].public_url
    text = re.sub("⟦[^⟧]*⟧", lambda one: " ".join(one[0].split()), mail.text)  # lines are wrapped
    texts = [mail.subject, *text.splitlines()]
    assert misread(mail.html) == []
    assert [line for line in texts if turned(line) and site not in line] == []
    texts += texts_of(mail.html)
    lines = [" ".join(w for w in text.split() if not w.startswith(site)) for text in texts]
    return [line for line in lines if untranslated(line, names) and mail.id not in line]


PAGES = (
    *("/", "/cart", "/account", "/nope", "/account/none", "/thankyou?x=1"),
    *("/checkout/field-notes", "/checkout/sticker", "/checkout/letter", "/checkout/coffee-club"),
    *("/checkout/tea-tin", "/checkout/field-notes?quantity=3"),
)


@pytest.mark.parametrize("path", PAGES)
def test_a_page(checkout: CheckoutClient, path: str) -> None:
    assert english(checkout, checkout.page(path).text) == []


@visits("orders/cart.html")
def test_the_cart_and_what_it_refuses(checkout: CheckoutClient) -> None:
    def put(**form: str) -> str:
        page = checkout.page("/").text
        token = page.split('name="csrf_token" value="')[1].split('"')[0]
        sent = {"csrf_token": token, **form}
        return checkout.client.post("/cart/items", data=sent, headers=BROWSER).text

    put(item="field-notes")
    assert english(checkout, checkout.page("/cart").text) == []
    for refused in (
        {"item": "field-notes", "quantity": "many"},
        {"item": "field-notes", "quantity": "99"},
        {"item": "canvas-bag"},
        {"item": "nothing"},
    ):
        page = put(**refused)
        assert 'role="alert"' in page
        assert english(checkout, page) == []


@visits("error.html")
def test_a_form_that_is_refused(checkout: CheckoutClient) -> None:
    form = checkout.form()
    for wrong in ({"email": ""}, {"email": "ada"}, {"quantity": "0"}, {"amount": "1"}):
        page = checkout.send(form | wrong).text
        assert "data-error-summary" in page
        assert english(checkout, page) == []
    assert english(checkout, checkout.send(form, card=None).text) == []
    assert english(checkout, checkout.send(form | {"csrf_token": "old"}).text) == []


WAITING = (
    (),
    (Phase.REQUIRES_ACTION,),
    (Phase.UNKNOWN,),
    (Phase.AWAITING_BANK,),
)


@visits("checkout/_status.html", "checkout/status.html")
@pytest.mark.parametrize("phases", WAITING)
def test_a_payment_that_waits(checkout: CheckoutClient, phases: tuple[str, ...]) -> None:
    sent = checkout.send(checkout.form())
    checkout.move(sent.location.rpartition("/")[2], Phase.PROCESSING, *phases)
    assert english(checkout, checkout.page(sent.location).text) == []


@pytest.mark.parametrize(
    "card",
    [
        "pm_card_visa_chargeDeclined",
        "pm_card_visa_chargeDeclinedInsufficientFunds",
        "pm_card_chargeDeclinedExpiredCard",
        "pm_card_chargeDeclinedProcessingError",
    ],
)
def test_a_payment_that_failed(checkout: CheckoutClient, card: str) -> None:
    sent = checkout.send(checkout.form(), card)
    checkout.work()
    assert english(checkout, checkout.page(sent.location).text) == []


@visits(
    *("checkout/thankyou.html", "components/facts.html", "mail/_bought.html"),
    *("mail/_bought.txt", "mail/_facts.html", "mail/_foot.txt"),
    *("mail/_layout.html", "mail/_row.txt", "mail/receipt.html"),
    *("mail/receipt.txt", "mail/refund.html", "mail/refund.txt", "components/seller.html"),
)
def test_a_payment_that_was_made_and_given_back(checkout: CheckoutClient) -> None:
    sent = checkout.send(checkout.form())
    paid = sent.location.rpartition("/")[2]
    with checkout.app.app_context():
        work_all_due()
        request_refund(paid, 500, reason="It arrived broken", actor="ada")
        work_all_due()
    assert english(checkout, checkout.page(f"/thankyou?transaction={paid}").text) == []
    with checkout.app.app_context():
        written = [mail for mail in mails() if mail.transaction_id == paid]
        assert len(written) == 2
        assert [english_of_mail(checkout.app, mail) for mail in written] == [[], []]


@visits(
    *("checkout/_question.html", "checkout/_saved_cards.html", "checkout/_test_cards.html"),
    *("checkout/form.html", "checkout/shop.html", "components/addresses.html"),
    *("components/bought.html", "components/cart_link.html", "components/effects.html"),
    *("components/forms.html", "components/icons.html", "components/money_back.html"),
    *("components/order.html", "components/picture.html", "customers/account.html"),
    *("downloads/_for_sale.html", "layout.html", "orders/_for_sale.html"),
    *(
        "subscriptions/_for_sale.html",
        "subscriptions/_subscription.html",
        "subscriptions/confirm.html",
    ),
    *("subscriptions/mine.html", "subscriptions/remove_card.html"),
)
def test_an_account_its_subscriptions_and_each_change(checkout: CheckoutClient) -> None:
    checkout.send(checkout.form("coffee-club"))
    with checkout.app.app_context():
        work_all_due()
    browser = known(checkout, to="/account/subscriptions", browser=checkout.client)
    page = checkout.page("/account/subscriptions").text
    one = page.split("/account/subscriptions/")[1].split("/")[0]
    card = checkout.page("/account").text.split("removed_cards?card=")[1].split('"')[0]
    base = f"/account/subscriptions/{one}"
    for path in (
        *("/account", "/account/subscriptions", f"/account/removed_cards?card={card}"),
        *(f"{base}/plan?plan=coffee-club-plus", f"{base}/cancellation?when=end"),
        *(f"{base}/cancellation?when=now", f"{base}/pause", f"{base}/resumption"),
        f"{base}/card?card={card}",
    ):
        answer = browser.get(path, headers=BROWSER)
        assert answer.status_code == 200, path
        assert english(checkout, answer.text) == [], path


@atomic
def read_pseudo(session: Session) -> None:
    session.execute(update(Customer).where(own(Customer)).values(language=PSEUDO))


@visits(
    *("mail/_button.html", "mail/_lines.html", "mail/_lines.txt"),
    *("mail/card_expires.html", "mail/card_expires.txt", "mail/card_removed.html"),
    *("mail/card_removed.txt", "mail/subscription_changed.html", "mail/subscription_changed.txt"),
)
def test_the_mails_of_a_subscription(app: Flask) -> None:
    with app.app_context():
        billing = BillingDriver(app)
        member = billing.join("2026-03-01", amount=3100)
        read_pseudo()
        change.change_plan(member, billing.plan("plus", 6000), at("2026-03-02"))
        change.pause(member, at("2026-03-02"))
        change.resume(member, at("2026-03-03"))
        card = billing.subscription(member).card
        assert card is not None
        card.exp_year, card.exp_month = 2026, 3
        db.session.commit()
        stage_due(at("2026-03-25"))
        billing.work("payment_standard")
        billing.go_to("2026-04-01")
        billing.remove_card(member)
        change.cancel(member, at("2026-04-03"), at_once=True)
        for queue in ("payment_critical", "payment_standard", "payment_standard"):
            billing.work(queue)
        written = [mail for mail in mails() if "⟦" in mail.subject]
        assert {"subscription_changed", "card_expires", "card_removed"} <= {
            mail.kind for mail in written
        }
        assert [line for mail in written for line in english_of_mail(app, mail)] == []


@visits("customers/ask.html", "customers/continue.html")
def test_a_link_that_signs_in(checkout: CheckoutClient) -> None:
    checkout.pay()
    for path in (mailed(checkout), "/account"):
        assert english(checkout, checkout.page(path).text) == []


@visits("checkout/not_for_sale.html")
def test_what_can_not_be_bought(checkout: CheckoutClient) -> None:
    with checkout.app.app_context():
        execute(update(Product).where(Product.slug == "enamel-mug").values(stock=0))
    assert english(checkout, checkout.page("/checkout/enamel-mug").text) == []


@visits("checkout/closed.html")
def test_what_is_no_longer_asked_for(checkout: CheckoutClient) -> None:
    wish = Wish(Money(2500, "usd"), "Field Notes", cancel_url="https://shop.example.com/cart")
    with checkout.app.app_context():
        asked = ask(wish, "staff")[0]
        cancel(asked, "staff")
        name = sign_name(asked)
    assert english(checkout, checkout.page(f"/checkout/{name}").text) == []


@visits("checkout/challenge.html")
def test_a_security_check(checkout: CheckoutClient) -> None:
    with checkout.app.test_request_context(f"/?lang={PSEUDO}", headers=BROWSER):
        checkout.app.preprocess_request()
        words = {"item": "tea-tin", "problem": None, "action": "pay"}
        page = render_template("checkout/challenge.html", **words)
    assert english(checkout, page) == []


@visits("consents/confirm.html", "consents/ended.html", "consents/mine.html")
def test_charges_that_were_agreed_to(checkout: CheckoutClient) -> None:
    shop = Application(checkout.app, new_key(checkout.app, name="Tea Rooms"))
    hers, _ = both_kept(shop)
    browser = known(checkout, browser=checkout.client)
    consent = consent_of(shop, hers)
    with checkout.app.test_request_context():
        by_link = f"/consents/{links.sign(PURPOSE, consent)}"
    for path in ("/account/consents", f"/account/consents/{consent}", by_link):
        assert english(checkout, browser.get(path, headers=BROWSER).text) == [], path
    assert english(checkout, press(browser, by_link).text) == []


@visits("downloads/gone.html")
def test_a_download_that_is_gone(checkout: CheckoutClient) -> None:
    assert english(checkout, checkout.page("/downloads/none").text) == []
