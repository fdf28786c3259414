"""Products from the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import select

from payments_app.core.extensions import db
from payments_app.core.history import HistoryEntry
from payments_app.orders.product_models import Product
from tests.merchants.connected_merchants import create_merchant
from tests.payments.driver import PaymentDriver

pytestmark = [pytest.mark.portable, pytest.mark.dialect]


def run(cli: FlaskCliRunner, *words: str) -> str:
    result = cli.invoke(args=["products", *words])
    assert result.exit_code == 0, result.output
    return result.output


def stored(app: Flask, slug: str) -> Product:
    with app.app_context():
        return db.session.scalars(select(Product).where(Product.slug == slug)).one()


def is_stored(app: Flask, slug: str) -> bool:
    with app.app_context():
        return db.session.scalar(select(Product.id).where(Product.slug == slug)) is not None


def test_a_product_is_put_on_sale_and_the_shop_shows_it(app: Flask, cli: FlaskCliRunner) -> None:
    run(cli, "create", "kettle", "Kettle", "24.00", "usd", "--stock", "3", "--summary", "Blue.")
    shown: dict[str, Any] = app.test_client().get("/api/v1/products/kettle").json
    assert (shown["amount"], shown["currency"], shown["name"]) == (2400, "usd", "Kettle")
    assert "Kettle" in app.test_client().get("/").text
    assert "kettle  $24.00  3 left  for sale  Kettle" in run(cli, "list")
    with app.app_context():
        said = db.session.scalars(select(HistoryEntry).where(HistoryEntry.subject == "kettle"))
        assert [(one.what, one.data["amount"]) for one in said] == [("product.created", 2400)]


def test_its_price_and_stock_change_and_nobody_else_s(app: Flask, cli: FlaskCliRunner) -> None:
    for slug in ("kettle", "pot"):
        run(cli, "create", slug, slug.title(), "24.00", "usd", "--stock", "3")
    assert "$25.50" in run(cli, "price", "kettle", "25.50")
    run(cli, "stock", "kettle", "7")
    kettle, pot = stored(app, "kettle"), stored(app, "pot")
    assert (kettle.amount, kettle.stock) == (2550, 7)
    assert (pot.amount, pot.stock) == (2400, 3)
    run(cli, "stock", "kettle", "00000000005")
    assert stored(app, "kettle").stock == 5
    run(cli, "stock", "kettle", "unlimited")
    assert stored(app, "kettle").stock is None


def test_an_archived_product_is_for_sale_again_when_that_is_undone(
    app: Flask, cli: FlaskCliRunner
) -> None:
    run(cli, "create", "kettle", "Kettle", "24.00", "usd")
    client = app.test_client()
    run(cli, "archive", "kettle")
    assert client.get("/checkout/kettle").status_code == 404
    run(cli, "archive", "kettle", "--undo")
    assert client.get("/checkout/kettle").status_code == 200


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["create", "a b", "Kettle", "24.00", "usd"], "A slug has"),
        (["create", "kettle", " ", "24.00", "usd"], "Enter a name."),
        (["create", "kettle", "Kettle", "24,00", "usd"], "Did you mean"),
        (["create", "kettle", "Kettle", "0.10", "usd"], "the least that can be charged"),
        (["create", "kettle", "Kettle", "24.00", "xyz"], "XYZ is not a currency"),
        (["create", "kettle", "4242 4242 4242 4242", "24.00", "usd"], "card"),
        (["create", "4242-4242-4242-4242", "Kettle", "24.00", "usd"], "card"),
        (["create", "kettle", "Kettle", "24.00", "usd", "--stock", "-1"], "from 0 to"),
        (["create", "kettle", "Kettle", "24.00", "usd", "--merchant", "mrc_1"], "no merchant"),
        (["create", "kettle", "Kettle", "24.00", "usd", "--merchant", ""], "no merchant"),
        (["price", "none", "24.00"], "There is no product none."),
        (["stock", "none", "4"], "There is no product none."),
        (["stock", "none", "some"], "some is no whole number."),
        (["archive", "none"], "There is no product none."),
    ],
)
def test_what_can_t_be_done_is_a_sentence(
    app: Flask, cli: FlaskCliRunner, words: list[str], said: str
) -> None:
    result = cli.invoke(args=["products", *words])
    assert result.exit_code == 1
    assert said in result.output
    assert "4242 4242" not in result.output
    assert not is_stored(app, "kettle")


def test_a_slug_is_put_on_sale_once(cli: FlaskCliRunner) -> None:
    run(cli, "create", "kettle", "Kettle", "24.00", "usd")
    again = cli.invoke(args=["products", "create", "kettle", "Pot", "1.00", "usd"])
    assert (again.exit_code, "already" in again.output) == (1, True)
    assert "Pot" not in run(cli, "list")


def test_a_file_adds_and_changes_products(app: Flask, cli: FlaskCliRunner, tmp_path: Path) -> None:
    run(cli, "create", "kettle", "Kettle", "24.00", "usd")
    file = tmp_path / "goods.csv"
    file.write_text(
        "slug,name,price,currency,stock,summary\n"
        'kettle,Kettle,26.00,usd,,"Blue, for camp"\n'
        "tea,Sencha,1800,jpy,12,\n",
        encoding="utf-8-sig",
    )
    assert run(cli, "import", str(file)) == "1 added, 1 changed\n"
    kettle, tea = stored(app, "kettle"), stored(app, "tea")
    assert (kettle.amount, kettle.summary) == (2600, "Blue, for camp")
    assert (tea.amount, tea.currency, tea.stock) == (1800, "jpy", 12)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("slug,name,price\npot,Pot,1.00\n", "must name the columns currency"),
        ("slug,name,price,currency,colour\n", "There is no column colour"),
        ("slug,name,price,currency\npot,Pot,1.00\n", "line 2: It has not as many"),
        ("slug,name,price,currency,stock\npot,Pot,1.00,usd,few\n", "line 2: few is no whole"),
        ("slug,name,price,currency\npot,Pot,1.00,usd\npan,Pan,1.001,usd\n", "line 3: "),
        ("slug,name,price,currency,price\npot,Pot,1.00,usd,2.00\n", "two columns price"),
        ("slug,name,price,currency\npot,P\0t,1.00,usd\n", "line 2: It holds a character"),
        (
            "slug,name,price,currency\npot,Pot,1.00,usd\npot,Pot,2.00,usd\n",
            "line 3: pot is in the file twice.",
        ),
    ],
)
def test_a_file_with_a_mistake_stores_nothing(
    app: Flask, cli: FlaskCliRunner, tmp_path: Path, text: str, said: str
) -> None:
    file = tmp_path / "goods.csv"
    file.write_text(text)
    result = cli.invoke(args=["products", "import", str(file)])
    assert (result.exit_code, said in result.output) == (1, True), result.output
    assert not is_stored(app, "pot")


def test_a_list_of_prices_takes_no_product_its_stock_or_its_seller(
    app: Flask, cli: FlaskCliRunner, tmp_path: Path
) -> None:
    with app.app_context():
        seller = create_merchant(PaymentDriver(app))
    run(cli, "create", "kettle", "Kettle", "24.00", "usd", "--stock", "3", "--merchant", seller)
    run(cli, "create", "pot", "Pot", "9.00", "usd", "--stock", "5")
    file = tmp_path / "prices.csv"
    file.write_text("slug,name,price,currency\nkettle,Kettle,25.00,usd\n")
    run(cli, "import", str(file))
    kettle, pot = stored(app, "kettle"), stored(app, "pot")
    assert (kettle.amount, kettle.stock, kettle.merchant_id) == (2500, 3, seller)
    assert (pot.amount, pot.stock) == (900, 5)
    file.write_text("slug,name,price,currency,stock\nkettle,Kettle,25.00,usd,\n")
    run(cli, "import", str(file))
    assert stored(app, "kettle").stock is None  # as its column says
