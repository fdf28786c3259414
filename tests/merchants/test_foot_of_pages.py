"""Whom to ask, the terms and how the shop refunds stand on each page of a buyer and in each mail.

They stand in two layouts, outside of all that a page or a mail may replace.
"""

from __future__ import annotations

import pytest
from flask import Flask
from jinja2 import nodes

from payments_app.core import places
from tests.checkout.checkout_client import BROWSER

# Whose pages are of others: of staff, of merchants, of who shows the demo.
OTHERS = ("accounts", "demo", "ledger", "ops", "portal", "settlement", "staff")
PARTS = ("components", "mail")
LAYOUTS = {"layout.html": {"title", "width", "head", "cart", "main", "scripts"}}
LAYOUTS |= {"mail/_layout.html": {"body"}}
WANTED = ("ask@tea.example.com", "https://tea.example.com/terms", "https://tea.example.com/refunds")


def buyers_pages() -> list[str]:
    root = places.templates()
    names = [str(one.relative_to(root)) for one in root.rglob("*.html")]
    of_buyers = [name for name in names if name.split("/")[0] not in OTHERS + PARTS]
    pages = [name for name in of_buyers if not name.split("/")[-1].startswith("_")]
    return sorted(set(pages) - LAYOUTS.keys())


def mail_kinds() -> list[str]:
    root = places.templates() / "mail"
    return sorted({one.stem for one in root.iterdir() if not one.name.startswith("_")})


@pytest.fixture
def settings(settings: dict[str, str]) -> dict[str, str]:
    names = ("SHOP_CONTACT", "SHOP_TERMS_URL", "SHOP_REFUND_POLICY_URL")
    return settings | dict(zip(names, WANTED, strict=True))


def layouts_and_blocks(app: Flask, name: str) -> tuple[set[str], set[str]]:
    """What a template may extend, and what of that it replaces."""
    tree = app.jinja_env.parse((places.templates() / name).read_text())
    extended = [one.template for one in tree.find_all(nodes.Extends)]
    said = [each for one in extended for each in (one, *one.find_all(nodes.Const))]
    named = {each.value for each in said if is_name(each)}
    return named, {one.name for one in tree.find_all(nodes.Block)}


def is_name(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Const) and str(node.value).endswith(".html")


@pytest.mark.parametrize("name", buyers_pages())
def test_a_page_is_within_the_layout_that_has_them(app: Flask, name: str) -> None:
    extended, replaced = layouts_and_blocks(app, name)
    # What is not found by staff looks as theirs do.
    assert extended - {"staff/layout.html"} == {"layout.html"}
    assert replaced <= LAYOUTS["layout.html"]


@pytest.mark.parametrize("kind", mail_kinds())
def test_a_mail_is_within_the_layout_that_has_them(app: Flask, kind: str) -> None:
    extended, replaced = layouts_and_blocks(app, f"mail/{kind}.html")
    assert extended == {"mail/_layout.html"}
    assert replaced <= LAYOUTS["mail/_layout.html"]
    assert (places.templates() / "mail" / f"{kind}.txt").exists()  # mails.py puts the foot below


@pytest.mark.parametrize("name", ["layout.html", "mail/_layout.html", "mail/_foot.txt"])
def test_the_layouts_have_them_whatever_is_replaced(app: Flask, name: str) -> None:
    emptied = "".join(f"{{% block {one} %}}{{% endblock %}}" for one in LAYOUTS.get(name, ()))
    with app.test_request_context("/"):
        within = app.jinja_env.from_string(f'{{% extends "{name}" %}}{emptied}')
        page = within.render(subject="Hello", shop="Tea", config=app.config)
    assert [words for words in WANTED if words not in page] == []


@pytest.mark.parametrize("path", ["/", "/cart", "/account", "/nothing", "/thankyou", "/docs"])
def test_a_page_that_is_asked_for_has_them(app: Flask, path: str) -> None:
    page = app.test_client().get(path, headers=BROWSER).text
    assert [words for words in WANTED if words not in page] == []
