"""The shop is called as its settings say, and nothing of the demo is in the product."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from demo.products import DEMO_PRODUCTS
from parts.settings import SHOP_NAME
from payments_app.config import Config
from payments_app.core.db.session import atomic
from payments_app.notices import mail_links
from payments_app.notices.mails import write
from payments_app.notices.models import Mail
from tests.bystanders import own

ROOT = Path(__file__).parents[2]
PRODUCT = ("payments_app", "templates", "static", "migrations", "deploy", "wsgi.py", "nginx.conf")
TEXTS = {".py", ".html", ".txt", ".css", ".js", ".svg", ".conf", ".sql", ".yml", ".service", ""}


def files_of_the_product() -> list[Path]:
    places = [ROOT / name for name in PRODUCT]
    found = [one for place in places for one in ([place] if place.is_file() else place.rglob("*"))]
    own = [one for one in found if one.is_file() and one.suffix in TEXTS]
    return [one for one in own if "demo" not in one.parts]


def test_no_word_of_the_demo_shop_is_in_the_product() -> None:
    names = [SHOP_NAME, *(one[0] for one in DEMO_PRODUCTS), *(one[1] for one in DEMO_PRODUCTS)]
    words = re.compile("|".join(rf"\b{re.escape(name)}\b" for name in names), re.IGNORECASE)
    files = files_of_the_product()
    assert len(files) > 300
    said = {str(one.relative_to(ROOT)): words.findall(one.read_text()) for one in files}
    assert {name: found for name, found in said.items() if found} == {}


class TestOfAnotherShop:
    @pytest.fixture
    def settings(self, settings: dict[str, str]) -> dict[str, str]:
        return settings | {
            "SHOP_NAME": "Tea & Co",
            "SHOP_URL": "https://tea.example.com/",
            "SHOP_CONTACT": "ask@tea.example.com",
            "SHOP_TERMS_URL": "https://tea.example.com/terms",
            "SHOP_REFUND_POLICY_URL": "https://tea.example.com/refunds",
        }

    def test_each_page_has_its_name_its_address_and_its_contact(self, app: Flask) -> None:
        for path in ("/", "/cart", "/account", "/nothing"):
            page = app.test_client().get(path, headers={"Accept": "text/html"}).text
            assert "\u00b7 Tea &amp; Co</title>" in page
            assert re.search(r'href="https://tea.example.com/">\s*Tea &amp; Co</a>', page)
            assert 'href="mailto:ask@tea.example.com"' in page
            assert 'href="https://tea.example.com/terms">Terms</a>' in page
            assert 'href="https://tea.example.com/refunds">Refund policy</a>' in page
            assert SHOP_NAME not in page

    def test_each_mail_has_its_contact_and_its_policies(self, app: Flask) -> None:
        for template in sorted((ROOT / "templates" / "mail").glob("[a-z]*.html")):
            assert 'extends "mail/_layout.html"' in template.read_text(), template

        @atomic
        def written(session: Session) -> tuple[str, str]:
            link = mail_links.signs_in("/account/", "test", "cus_1", "/")
            who = ("account_link", "cus_1", "ada@example.com", "Sign in")
            write(session, *who, link=link, minutes=15)
            mail = session.scalars(select(Mail).where(own(Mail))).one()
            return mail.text, mail.html

        with app.app_context():
            text, html = written()
        for words in (
            "ask@tea.example.com",
            "https://tea.example.com/terms",
            "https://tea.example.com/refunds",
        ):
            assert words in text
            assert words in html


def test_without_a_name_it_is_called_by_its_host(settings: dict[str, str]) -> None:
    unnamed = {name: value for name, value in settings.items() if name != "SHOP_NAME"}
    assert Config.from_env(settings).shop_name == SHOP_NAME
    assert Config.from_env(unnamed).shop_name == "127.0.0.1"
