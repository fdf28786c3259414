"""The pictures of the demo's goods, also in the demo inside a host application."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import select

from demo.products import DEMO_PRODUCTS, PICTURES, add_demo_pictures, add_demo_products
from demo.sellers import DEMO_MERCHANTS
from payments_app import Payments
from payments_app.config import Config
from payments_app.core.extensions import db
from payments_app.orders.product_models import ProductPicture
from tests.bystanders import own


@pytest.fixture
def added(app: Flask) -> list[int]:
    """How many pictures were added, and how many a second time."""
    with app.app_context():
        add_demo_products()
        return [add_demo_pictures(), add_demo_pictures()]


def test_each_has_less_than_2_kb_and_both_themes() -> None:
    goods = {one[0] for one in DEMO_PRODUCTS} | {one[3][0] for one in DEMO_MERCHANTS}
    assert {path.stem for path in PICTURES.iterdir()} == goods
    for path in PICTURES.iterdir():
        assert path.stat().st_size < 2000, path
        assert "prefers-color-scheme: dark" in path.read_text(), path


def test_they_are_stored_once(app: Flask, added: list[int]) -> None:
    assert added == [len(DEMO_PRODUCTS), 0]
    with app.app_context():
        stored = db.session.scalars(select(ProductPicture.type).where(own(ProductPicture))).all()
    assert stored == ["svg"] * len(DEMO_PRODUCTS)


@pytest.mark.usefixtures("added")
def test_below_a_prefix_they_are_there_as_well(settings: dict[str, str]) -> None:
    host = Flask("host")
    Payments(host, config=Config.from_env(settings))
    client = host.test_client()
    page = client.get("/pay/", headers={"Accept": "text/html"}).text
    shown = re.findall(r'src="(/[^"]*pictures/[^"]+)"', page)
    assert len(shown) == len(DEMO_PRODUCTS)
    assert {path.removeprefix("/pay/pictures/").count("/") for path in shown} == {0}
    assert {client.get(path).status_code for path in shown} == {200}
    assert client.get(shown[0].removeprefix("/pay")).status_code == 404
