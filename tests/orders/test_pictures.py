"""A picture of a product: kept by its bytes, served under its hash, shown wherever it is bought."""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from demo.products import add_demo_products
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.history import HistoryEntry
from payments_app.core.money import Money
from payments_app.core.web.headers import HASHED
from payments_app.notices.models import Mail
from payments_app.orders.product_models import Product, ProductPicture
from payments_app.payments.payable import Item
from tests.bystanders import own
from tests.checkout.checkout_client import BROWSER, CheckoutClient
from tests.own_worker import work_all_due

pytestmark = [pytest.mark.portable, pytest.mark.dialect]
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0h9v9z"/></svg>'
FILES = {
    "svg": SVG,
    "png": b"\x89PNG\r\n\x1a\nrest",
    "jpeg": b"\xff\xd8\xff\xe0rest",
    "webp": b"RIFF\n\0\0\0WEBPrest",
}
SHOWN = re.compile(r'<img class="picture"\s+src="([^"]+)"\s+alt=""\s+width="(\d+)"\s+height="\2"')
DECLINED = "pm_card_visa_chargeDeclined"
Command = Callable[..., str]


@pytest.fixture
def shop(app: Flask, client: FlaskClient) -> CheckoutClient:
    with app.app_context():
        add_demo_products()
    return CheckoutClient(app, client)


@pytest.fixture
def picture(cli: FlaskCliRunner, tmp_path: Path) -> Command:
    """`products picture` with a file of these bytes, or with words."""

    def run(slug: str, given: bytes | str, *, fails: bool = False) -> str:
        file = tmp_path / "picture.txt"
        if isinstance(given, bytes):
            file.write_bytes(given)
            given = str(file)
        done = cli.invoke(args=["products", "picture", slug, *given.split()])
        assert done.exit_code == int(fails), done.output
        return done.output

    return run


def name_of(content: bytes, kind: str = "svg") -> str:
    return f"/pictures/{hashlib.sha256(content).hexdigest()}.{kind}"


def shown(client: FlaskClient, path: str = "/") -> list[str]:
    page = client.get(path, headers=BROWSER)
    assert page.status_code == 200, page.text
    return [address for address, _ in SHOWN.findall(page.text)]


def without_tokens(shop: CheckoutClient) -> list[str]:
    """The shop's words. A form's token is signed with the second: two pages differ by it."""
    page = shop.client.get("/", headers=BROWSER).text
    return re.sub(r'name="csrf_token"\s+value="[^"]+"', "", page).split()


def order(shop: CheckoutClient, *items: str) -> str:
    """What is in the cart from then on, and where its order is paid for."""
    token = {"csrf_token": shop.form()["csrf_token"]}
    for item in items:
        shop.client.post("/cart/items", data=token | {"item": item}, headers=BROWSER)
    return shop.client.post("/orders", data=token, headers=BROWSER).headers["Location"]


@pytest.mark.parametrize("kind", FILES)
def test_what_a_file_is_is_told_by_its_bytes(
    shop: CheckoutClient, picture: Command, kind: str
) -> None:
    assert picture("enamel-mug", FILES[kind]) == "enamel-mug has a picture\n"
    (address,) = shown(shop.client)
    assert address == name_of(FILES[kind], kind)
    answer = shop.client.get(address)
    assert (answer.status_code, answer.data) == (200, FILES[kind])
    assert answer.mimetype == ("image/svg+xml" if kind == "svg" else f"image/{kind}")


def test_browsers_keep_it_for_ever_and_it_does_nothing_by_itself(
    shop: CheckoutClient, picture: Command
) -> None:
    picture("enamel-mug", SVG)
    answer = shop.client.get(name_of(SVG))
    said = answer.headers
    assert said["Cache-Control"] == HASHED == "public, max-age=31536000, immutable"
    assert said["X-Content-Type-Options"] == "nosniff"
    policy = said["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; sandbox;")
    assert ("Set-Cookie" in said, "Vary" in said) == (False, False)
    again = shop.client.get(name_of(SVG), headers={"If-None-Match": said["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    page = shop.client.get("/", headers=BROWSER).headers["Content-Security-Policy"]
    assert "img-src 'self'" in page


@pytest.mark.parametrize(
    "name", ["0" * 64 + ".svg", "x.svg", "%00.svg", name_of(SVG)[10:-3] + "png"]
)
def test_nothing_else_is_found_below_its_address(
    shop: CheckoutClient, picture: Command, name: str
) -> None:
    picture("enamel-mug", SVG)
    answer = shop.client.get(f"/pictures/{name}")
    assert (answer.status_code, "immutable" in answer.headers["Cache-Control"]) == (404, False)


def test_another_one_has_another_address_and_a_second_product_keeps_its_own(
    shop: CheckoutClient, picture: Command
) -> None:
    bare = without_tokens(shop)
    other = SVG.replace(b"9v9", b"9v8")
    picture("field-notes", SVG)
    picture("enamel-mug", SVG)
    picture("field-notes", other)
    assert shown(shop.client) == [name_of(other), name_of(SVG)]
    picture("enamel-mug", "--remove")
    assert shop.client.get(name_of(SVG)).status_code == 404
    picture("field-notes", "--remove")
    assert without_tokens(shop) == bare
    with shop.app.app_context():
        said = select(HistoryEntry).where(HistoryEntry.subject == "enamel-mug")
        said = said.order_by(HistoryEntry.id)
        changes = [(one.what, one.data) for one in db.session.scalars(said)]
    assert [what for what, _ in changes] == ["product.changed"] * 2
    assert [data["picture"] for _, data in changes] == [hashlib.sha256(SVG).hexdigest(), "none"]


@pytest.mark.parametrize(
    ("slug", "given", "said"),
    [
        ("none", SVG, "There is no product none."),
        ("none", "--remove", "There is no product none."),
        ("enamel-mug", "--remove", "enamel-mug has no picture."),
        ("enamel-mug", "", "Name a file, or say --remove."),
        ("enamel-mug", b"GIF89a", "A picture is a PNG, a JPEG, a WebP, or an SVG in UTF-8"),
        ("enamel-mug", SVG.replace(b"<path", b"<script/><path"), "an SVG without scripts"),
        ("enamel-mug", SVG + b" " * 200_000, "A picture has at most 200 kB."),
    ],
)
def test_what_can_t_be_shown_is_a_sentence(
    shop: CheckoutClient, picture: Command, slug: str, given: bytes | str, said: str
) -> None:
    assert said in picture(slug, given, fails=True)
    assert shown(shop.client) == []


def test_it_is_shown_wherever_its_product_is_bought(shop: CheckoutClient, picture: Command) -> None:
    picture("field-notes", SVG)
    ordered = order(shop, "field-notes")
    failed, waiting = shop.pay(DECLINED), shop.pay("pm_card_authenticationRequired")
    paid = shop.pay()
    for path in (
        "/",
        "/cart",
        "/checkout/field-notes",
        ordered,
        f"/transactions/{failed}",
        f"/transactions/{waiting}",
        f"/thankyou?transaction={paid}",
    ):
        assert shown(shop.client, path) == [name_of(SVG)], path
    for path in ("/checkout/enamel-mug", f"/transactions/{shop.pay(DECLINED, item='enamel-mug')}"):
        assert shown(shop.client, path) == [], path


def test_no_mail_has_it(shop: CheckoutClient, picture: Command) -> None:
    picture("field-notes", SVG)
    shop.pay()
    with shop.app.app_context():
        work_all_due()
        written = str(db.session.scalars(select(Mail.html).where(own(Mail))).all())
    assert "Field notes" in written
    assert "/pictures/" not in written


def test_many_are_read_with_their_products_and_none_of_their_bytes(
    shop: CheckoutClient, picture: Command
) -> None:
    for slug in ("field-notes", "enamel-mug"):
        picture(slug, SVG.replace(b"path", slug[:4].encode()))
    few = [_asked(shop, path) for path in ("/", "/cart", order(shop, "field-notes"))]
    with shop.app.app_context():
        _shelve_more()
    pages = ("/", "/cart", order(shop, "enamel-mug"))
    assert [len(shown(shop.client, path)) for path in pages] == [2, 2, 2]
    many = [_asked(shop, path) for path in pages]
    assert [len(each) for each in many] == [len(each) for each in few]
    assert all(many)
    assert "pay_product_pictures.content" not in str(many)


@atomic
def _shelve_more(session: Session) -> None:
    for slug in ("jug", "pan", "pot"):
        session.add(Product(slug=slug, name=slug.title(), amount=500, currency="usd"))


def _asked(shop: CheckoutClient, path: str) -> list[str]:
    """The statements of a page that ask for pictures."""
    sent: list[str] = []

    def note(_line: object, _cursor: object, statement: str, *_: object) -> None:
        if ProductPicture.__tablename__ in statement:
            sent.append(statement)

    engine = shop.app.extensions["engine"]
    event.listen(engine, "before_cursor_execute", note)
    try:
        assert shop.client.get(path, headers=BROWSER).status_code == 200
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return sent


def test_a_payable_may_name_one_of_its_own(app: Flask) -> None:
    bought = app.jinja_env.get_template("components/bought.html").module.bought_items
    item = Item("Attic", 1, Money(4200, "usd"), '/rooms/attic.jpg?a=1&b="2')
    with app.test_request_context():
        page = str(bought([item, Item("Cellar", 1, Money(900, "usd"))], "Hotel"))
    assert [html.unescape(address) for address, _ in SHOWN.findall(page)] == [item.picture]
