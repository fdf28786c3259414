"""A receipt tells the address and the tax id of who sold, in its mail and on the thank-you page."""

from __future__ import annotations

import html
import re
import secrets

import pytest
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from sqlalchemy import select
from sqlalchemy.orm import Session

from demo.products import add_demo_products
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.history import HistoryEntry
from payments_app.merchants.find import default_merchant
from payments_app.merchants.receipt_details import set_receipt_details
from payments_app.orders.product_models import Product
from tests.checkout.checkout_client import CheckoutClient
from tests.merchants.connected_merchants import create_ready_merchant, told_of
from tests.notices.sent_mails import mails
from tests.own_worker import work_all_due
from tests.payments.driver import PaymentDriver

pytestmark = pytest.mark.portable
SHOPS = ("Corner Shop", "1 High <b>Street</b>", "London", "GB 123 4567 89")
JUNIPERS = ("Juniper", "7 Mill Lane & Yard", "Leeds", "GB 987 6543 21")


@pytest.fixture
def settings(settings: dict[str, str]) -> dict[str, str]:
    return settings | {"SHOP_ADDRESS": " | ".join(SHOPS[1:3]), "SHOP_TAX_ID": SHOPS[3]}


@pytest.fixture
def checkout(app: Flask, client: FlaskClient) -> CheckoutClient:
    with app.app_context():
        add_demo_products()
    return CheckoutClient(app, client)


@atomic
def shelve(session: Session, merchant: str) -> str:
    slug = f"print-{secrets.token_hex(4)}"
    session.add(
        Product(slug=slug, name="Print", amount=10_000, currency="usd", merchant_id=merchant)
    )
    return slug


def describe(merchant: str, **more: str) -> None:
    told = {"address": "|".join(JUNIPERS[1:3]), "tax": JUNIPERS[3]}
    set_receipt_details(merchant, **told | more, actor="ada")


def told(checkout: CheckoutClient, item: str) -> dict[str, list[str]]:
    """What a payment's thank-you page and its receipt, in both its forms, tell of its seller."""
    with checkout.app.app_context():
        paid = checkout.pay(item=item)
        work_all_due()
        (mail,) = (one for one in mails() if one.transaction_id == paid)
        text, form = mail.text, mail.html
    page = checkout.page(f"/thankyou?transaction={paid}").text
    plain = text.partition("\nSeller:")[2].partition("\n\n")[0].replace("Tax ID:", "")
    return {
        "text": [line.strip() for line in plain.splitlines()],
        "html": rows(form, r'<font [^>]*size="3">(Seller|Tax ID)</font>(.*?)</tr>'),
        "page": rows(page, r"<dt>(Seller|Tax ID)</dt>(.*?)</dd>"),
    }


def everywhere(*lines: str) -> dict[str, list[str]]:
    return {where: [*lines] for where in ("text", "html", "page")}


def rows(page: str, pattern: str) -> list[str]:
    found = [cell for _, cell in re.findall(pattern, page, re.DOTALL)]
    lines = [line for cell in found for line in cell.split("<br>")]
    return [html.unescape(re.sub(r"<[^>]+>", "", line)).strip() for line in lines]


def test_the_shops_own_sale_tells_the_shops_settings_escaped(checkout: CheckoutClient) -> None:
    assert told(checkout, "field-notes") == everywhere(*SHOPS)


@pytest.mark.parametrize("charge_type", ["destination", "direct"])
def test_a_merchants_sale_tells_the_merchants_and_another_has_none(
    checkout: CheckoutClient, driver: PaymentDriver, charge_type: str
) -> None:
    juniper = create_ready_merchant(driver, charge_type)
    other = create_ready_merchant(driver, charge_type)
    describe(juniper)
    assert told(checkout, shelve(juniper)) == everywhere(*JUNIPERS)
    assert told(checkout, shelve(other)) == everywhere()


def test_an_address_or_a_tax_id_alone_stands_alone(
    checkout: CheckoutClient, driver: PaymentDriver
) -> None:
    juniper = create_ready_merchant(driver)
    describe(juniper, tax="")
    assert told(checkout, shelve(juniper))["page"] == [*JUNIPERS[:3]]
    describe(juniper, address="")
    assert told(checkout, shelve(juniper)) == everywhere("Juniper", JUNIPERS[3])


def test_a_stranger_is_not_told_of_whom_somebody_bought(checkout: CheckoutClient) -> None:
    path = f"/thankyou?transaction={checkout.pay()}"
    assert SHOPS[3] in checkout.page(path).text
    assert SHOPS[3] not in checkout.page(path, checkout.stranger()).text


class TestFromTheTerminal:
    @pytest.fixture
    def juniper(self, driver: PaymentDriver) -> str:
        return create_ready_merchant(driver)

    def test_it_sets_shows_and_takes_away_and_each_change_is_history(
        self, cli: FlaskCliRunner, driver: PaymentDriver, juniper: str
    ) -> None:
        other = create_ready_merchant(driver)
        before = told_of(other)
        run = ["merchants", "receipt-details", juniper]
        shown = "Juniper\n7 Mill Lane\nLeeds\nGB 9\n"
        wanted = ["--address", " 7 Mill Lane | Leeds |", "--tax-id", "GB 9"]
        assert cli.invoke(args=[*run, *wanted]).output == shown
        assert cli.invoke(args=run).output == shown
        assert cli.invoke(args=[*run, *wanted]).output == shown
        assert cli.invoke(args=[*run, "--tax-id", ""]).output == "Juniper\n7 Mill Lane\nLeeds\n"
        gone = cli.invoke(args=[*run, "--address", ""])
        assert gone.output == "Receipts tell neither an address nor a tax id.\n"
        assert told_of(juniper).count("merchant.receipt_details_set") == 3
        db.session.rollback()
        last = select(HistoryEntry).where(HistoryEntry.subject == juniper)
        entry = db.session.scalars(last.order_by(HistoryEntry.id.desc())).first()
        assert entry is not None
        assert (entry.actor, entry.data["address_was"]) == ("terminal", "7 Mill Lane\nLeeds")
        assert told_of(other) == before

    @pytest.mark.parametrize(
        ("option", "value", "words"),
        [
            ("--address", "a|b|c|d|e|f|g", "the address must be 1 to 6 lines with | between"),
            ("--address", "x" * 61, "each of at most 60 characters"),
            ("--address", "7 Mill\nLane", "that can be printed"),
            ("--address", "7 Mill Lane|4242 4242 4242 4242", "looks like a card number"),
            ("--tax-id", "x" * 61, "the tax id must be 1 to 60 characters"),
            ("--tax-id", "GB\u202e9", "that can be printed"),
            ("--tax-id", "4242424242424242", "looks like a card number"),
        ],
    )
    def test_what_can_not_stand_on_a_receipt_is_refused_in_words(
        self, cli: FlaskCliRunner, juniper: str, option: str, value: str, words: str
    ) -> None:
        before = told_of(juniper)
        refused = cli.invoke(args=["merchants", "receipt-details", juniper, option, value])
        assert (refused.exit_code, words in refused.output) == (1, True), refused.output
        assert told_of(juniper) == before

    def test_the_shop_itself_and_nobody_are_refused_in_words(
        self, app: Flask, cli: FlaskCliRunner
    ) -> None:
        nobody = cli.invoke(args=["merchants", "receipt-details", "mrc_none"])
        assert (nobody.exit_code, nobody.output) == (1, "Error: there is no merchant mrc_none\n")
        with app.app_context():
            shop = atomic(default_merchant)().id
        refused = cli.invoke(args=["merchants", "receipt-details", shop, "--tax-id", "GB 9"])
        assert refused.exit_code == 1
        assert f"{shop} is the shop itself: set SHOP_ADDRESS and SHOP_TAX_ID" in refused.output


class TestWithoutAny:
    @pytest.fixture
    def settings(self, settings: dict[str, str]) -> dict[str, str]:
        return settings | {"SHOP_ADDRESS": "", "SHOP_TAX_ID": ""}

    def test_a_receipt_tells_neither(self, checkout: CheckoutClient) -> None:
        assert told(checkout, "field-notes") == everywhere()
