"""The question at the checkout, in a real browser: answered by typing, and accessible."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from demo.products import add_demo_products
from parts.app import Web
from tests.browser.buyer import Buyer
from tests.browser.test_accessibility import complaints

pytestmark = [pytest.mark.browser, pytest.mark.slow]
NUMBERS = "two three four five six seven eight nine".split()


@pytest.fixture
def settings(settings: dict[str, str]) -> dict[str, str]:
    return settings | {"CHECKOUT_CHALLENGE": "always"}


@pytest.fixture
def asked(app: Flask, site: Web, page: Page) -> Buyer:
    """A buyer who has filled in all but the answer."""
    with app.app_context():
        add_demo_products()
    buyer = Buyer(page)
    page.goto(f"{site.url}/checkout/field-notes")
    buyer.fill()
    return buyer


def answer(page: Page) -> str:
    words = re.findall(r"What is (\w+) plus (\w+)\?", page.content())[0]
    return str(sum(NUMBERS.index(word) + 2 for word in words))


def test_a_question_left_open_is_said_before_anything_is_sent(asked: Buyer) -> None:
    asked.press_pay()
    expect(asked.page.get_by_role("alert")).to_contain_text("Answer the question.")
    assert complaints(asked.page) == []


def test_a_wrong_answer_is_asked_again_and_the_right_one_pays(asked: Buyer) -> None:
    field = asked.page.get_by_label("What is")
    field.fill("99")
    asked.press_pay()
    asked.reads("Answer the question to continue. No payment was made.")
    asked.fill()
    field.fill(answer(asked.page))
    asked.press_pay()
    asked.sees("Thank you")
    assert asked.complaints == []
