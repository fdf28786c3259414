"""What the server refuses wipes nothing that was typed, whatever its code, in a real browser."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from payments_app.core.web.http import WORDS
from tests.browser.buyer import Buyer
from tests.browser.patron import Patron
from tests.browser.test_sending import SENT, card_number, ready

pytestmark = pytest.mark.browser
PRODUCT = Path(__file__).parents[2] / "payments_app"
# What answers `POST /transactions`; whoever is paid for may refuse it in words of their own.
ANSWERING = ("checkout/**/*.py", "core/web/**/*.py")
CODE = re.compile("[a-z]+(_[a-z]+)*")

SAID = {  # in place: the status of each
    "already_bought": 409,
    "amount_changed": 422,
    "bad_request": 400,
    "body_too_large": 413,
    "canceled": 409,
    "card_number": 422,
    "challenge_required": 422,
    "currency_not_taken": 409,
    "error": 418,
    "expired": 409,
    "forbidden": 403,
    "form_expired": 400,
    "hold_limit": 409,
    "idempotency_conflict": 409,
    "idempotency_key_invalid": 400,
    "idempotency_key_missing": 400,
    "idempotency_key_reuse": 422,
    "invalid": 422,
    "invalid_json": 400,
    "method_not_allowed": 405,
    "misdirected": 421,
    "no_price": 409,
    "not_found": 404,
    "of_an_application_s_own": 409,
    "rate_limited": 429,
    "restoring": 503,
    "seller_not_ready": 409,
    "sold_out": 409,
    "subscription_ended": 409,
    "unauthorized": 401,
    "unsupported_media_type": 415,
}
SENT_AGAIN = {"busy": 503, "internal_error": 500, "unavailable": 503}
# The page can't go on (static/js/sending.js says why); it is left for the address that is named.
LEAVES = {"already_paid": 409, "challenge_required": 422, "payment_in_progress": 409}
OWN_WORDS = {"idempotency_key_reuse": "This form was sent before, with other details."}
NEEDED: dict[str, dict[str, Any]] = {
    "challenge_required": {"question": "What is two plus two?", "challenge": "signed"},
    "form_expired": {"url": "/checkout/field-notes"},
    "invalid": {"fields": {"email": "invalid is said."}},
}


def codes(pattern: str, refusal: str, at: int) -> Iterator[str]:
    """What stands as the code of such a refusal in these files, also by a name for it."""
    for path in PRODUCT.glob(pattern):
        nodes = list(ast.walk(ast.parse(path.read_text())))
        given = [
            node.args[at]
            for node in nodes
            if isinstance(node, ast.Call) and ast.unparse(node.func) == refusal and node.args[at:]
        ]
        names = {ast.unparse(one) for one in given if isinstance(one, ast.Name)}
        set_to = [
            node.value
            for node in nodes
            if isinstance(node, ast.Assign)
            and names & {ast.unparse(part) for target in node.targets for part in ast.walk(target)}
        ]
        for part in (part for one in (*given, *set_to) for part in ast.walk(one)):
            if isinstance(part, ast.Constant) and CODE.fullmatch(str(part.value)):
                yield part.value


def test_each_code_that_the_product_answers_with_is_walked() -> None:
    raised = {code for code, _ in WORDS.values()}
    for pattern in ANSWERING:
        raised |= set(codes(pattern, "ProblemError", 1))
    raised |= set(codes("**/*.py", "NotPayableError", 0))
    assert {"amount_changed", "already_paid", "sold_out", "expired"} <= raised
    assert raised - {*SAID, *SENT_AGAIN, *LEAVES} == set()


def refuse(buyer: Buyer, code: str, status: int, **more: Any) -> None:
    """Have the next form answered so."""
    error = {"code": code, "message": f"{code} is said.", **more}

    def answer(route: Route) -> None:
        route.fulfill(status=status, json={"success": False, "error": error})

    buyer.page.route(SENT, answer, times=1)


def typed(buyer: Buyer) -> tuple[str, str, str, bool]:
    page = buyer.page
    return (
        page.get_by_label("E-mail").input_value(),
        page.locator("#quantity").input_value(),
        card_number(buyer),
        page.get_by_label("Save this card for next time").is_checked(),
    )


def test_no_code_wipes_what_was_typed(buyer: Buyer, bystander: Patron) -> None:
    before, page = bystander.standing(), buyer.page
    ready(buyer)
    page.select_option("#quantity", "3")
    page.get_by_label("Save this card for next time").check()
    filled = typed(buyer)
    page.evaluate("window.notLeft = true")
    for code, status in SAID.items():
        for _ in range(2 if code == "form_expired" else 1):  # the first is sent again by itself
            refuse(buyer, code, status, **NEEDED.get(code, {}))
        buyer.press_pay()
        summary = page.locator("[data-error-summary]")
        expect(summary).to_contain_text(OWN_WORDS.get(code, f"{code} is said."))
        expect(page.locator("[data-pay]")).to_have_text("Pay $32.97")
        assert (typed(buyer), page.evaluate("window.notLeft")) == (filled, True), code
        page.locator("#challenge_answer").evaluate("field => field.value = '4'")
    buyer.press_pay()
    buyer.sees("Thank you")
    assert bystander.standing() == before


@pytest.mark.parametrize("code", SENT_AGAIN)
def test_what_is_only_a_trouble_of_ours_is_sent_again_by_itself(buyer: Buyer, code: str) -> None:
    keys = ready(buyer)
    refuse(buyer, code, SENT_AGAIN[code])
    buyer.press_pay()
    buyer.sees("Thank you")
    assert (len(keys), len(set(keys))) == (2, 1)


@pytest.mark.parametrize("code", LEAVES)
def test_where_the_page_can_t_go_on_its_buyer_is_led_on(buyer: Buyer, code: str) -> None:
    ready(buyer)
    refuse(buyer, code, LEAVES[code], url="/cart")
    buyer.press_pay()
    buyer.is_at("/cart$")


def test_each_field_s_error_goes_as_the_form_is_sent_again(buyer: Buyer) -> None:
    """Whatever fields the form has: one that came later is not forgotten."""
    ready(buyer)
    buyer.page.evaluate(
        """() => document.querySelector("#checkout").insertAdjacentHTML("beforeend",
           '<input id="gift" name="gift"><p class="field-error" id="gift-error" hidden></p>')"""
    )
    refuse(buyer, "invalid", 422, fields={"gift": "Too long.", "email": "No.", "quantity": "No."})
    buyer.press_pay()
    expect(buyer.page.locator("#gift-error")).to_have_text("Too long.")
    expect(buyer.page.locator("#gift")).to_have_attribute("aria-invalid", "true")
    refuse(buyer, "sold_out", 409)
    buyer.press_pay()
    buyer.reads("sold_out is said.")
    expect(buyer.page.locator("#checkout [aria-invalid]")).to_have_count(0)
    expect(buyer.page.locator("#checkout .field-error:visible")).to_have_count(0)
