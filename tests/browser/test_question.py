"""The question at the checkout, in a real browser: answered by typing, and accessible."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from parts.app import Web
from tests.browser.buyer import Buyer
from tests.browser.test_accessibility import complaints

pytestmark = [pytest.mark.browser, pytest.mark.slow]
NUMBERS = "two three four five six seven eight nine".split()


@pytest.fixture(scope="module")
def asking(open_shop: Web, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """A second web server of the shop, which asks everybody."""
    assert open_shop.env is not None
    env = {**open_shop.env, "CHECKOUT_CHALLENGE": "always"}
    with Web(tmp_path_factory.mktemp("asking"), env, application="demo.app:app") as web:
        yield web


@pytest.fixture
def asked(asking: Web, buyer: Buyer) -> Buyer:
    """A buyer who has filled in all but the answer."""
    buyer.page.goto(f"{asking.url}/checkout/field-notes")
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
