"""The browser part, in a real Chromium, on a page whose policy allows the sandbox's origin only."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, FrameLocator, Page, expect

from parts.process import wait_until
from tests.sandbox.host_page import HostPage
from tests.sandbox.shop import WITHIN, card_payment, confirmed

pytestmark = pytest.mark.browser
ELEMENTS = {
    "mode": "payment",
    "amount": 1099,
    "currency": "usd",
    "allowedPaymentMethodTypes": ["card"],
}
FIELDS = 'iframe[title="Secure payment input frame"]'
BANK = 'iframe[title^="Your bank"]'
SECURE = "4000002760003184"
NEXT = "secret => shop.stripe.handleNextAction({clientSecret: secret})"


@pytest.fixture(scope="module")
def host(sandbox_url: str) -> Iterator[HostPage]:
    host = HostPage(sandbox_url)
    yield host
    host.close()


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A new one would compile each script again."""
    context = browser.new_context()
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, host: HostPage, key: str) -> Iterator[Page]:
    """The checkout with its card fields ready."""
    page = context.new_page()
    page.goto(host.url)
    page.evaluate("([key, options]) => shop.open(key, options)", [publishable(key), ELEMENTS])
    yield page
    page.close()


def publishable(key: str) -> str:
    return key.replace("sk_", "pk_", 1)


def fill(page: Page, number: str = "4242424242424242", expiry: str = "1234") -> FrameLocator:
    fields = page.frame_locator(FIELDS)
    fields.locator('[name="number"]').fill(number)
    fields.locator('[name="expiry"]').fill(expiry)
    fields.locator('[name="cvc"]').fill("123")
    return fields


def tokenize(page: Page, params: dict[str, Any] | None = None) -> dict[str, Any]:
    result: dict[str, Any] = page.evaluate("params => shop.tokenize(params)", params or {})
    return result


def begin_challenge(page: Page, v1: Any, method: str = "pm_card_authenticationRequired") -> None:
    intent = v1.payment_intents.create(confirmed(method, use_stripe_sdk=True))
    page.evaluate(f"secret => {{ shop.next = ({NEXT})(secret) }}", intent.client_secret)


def test_a_card_becomes_a_token_that_pays(page: Page, v1: Any) -> None:
    fill(page)
    token = tokenize(page)["confirmationToken"]
    assert token["payment_method_preview"]["card"]["last4"] == "4242"
    intent = v1.payment_intents.create(card_payment(confirm=True, confirmation_token=token["id"]))
    assert intent.status == "succeeded"


def test_billing_details_and_shipping_travel_with_the_token(page: Page, v1: Any) -> None:
    fill(page)
    billing = {"email": "ada@example.com", "name": "Ada"}
    shipping = {"name": "Ada", "address": {"line1": "1 High Street", "country": "GB"}}
    params = {"payment_method_data": {"billing_details": billing}, "shipping": shipping}
    token = v1.confirmation_tokens.retrieve(tokenize(page, params)["confirmationToken"]["id"])
    preview = token.payment_method_preview.billing_details
    assert (preview.email, preview.name, preview.address.country) == (
        "ada@example.com",
        "Ada",
        "US",
    )
    assert token.shipping.address.line1 == "1 High Street"


def test_the_page_never_holds_the_card_number(page: Page) -> None:
    fill(page)
    tokenize(page)
    seen = page.content() + str(page.evaluate("shop.heard"))
    assert "4242424242424242" not in seen.replace(" ", "")


def test_a_strict_policy_is_not_violated(page: Page, v1: Any) -> None:
    fill(page)
    tokenize(page)
    begin_challenge(page, v1)
    page.frame_locator(BANK).locator("#complete").click()
    page.evaluate("shop.next")
    assert page.evaluate("shop.violations") == []


def test_digits_are_grouped_and_the_expiry_gets_its_slash(page: Page) -> None:
    fields = page.frame_locator(FIELDS)
    fields.locator('[name="number"]').press_sequentially("4242424242424242")
    fields.locator('[name="expiry"]').press_sequentially("134")
    expect(fields.locator('[name="number"]')).to_have_value("4242 4242 4242 4242")
    expect(fields.locator('[name="expiry"]')).to_have_value("13 / 4")


@pytest.mark.parametrize(
    ("number", "expiry", "code", "words"),
    [
        ("4242424242424241", "1234", "incorrect_number", "Your card number is invalid."),
        ("42424242", "1234", "incomplete_number", "Your card number is incomplete."),
        (
            "4242424242424242",
            "0120",
            "invalid_expiry_year_past",
            "Your card's expiration year is in the past.",
        ),
    ],
)
def test_a_wrong_field_is_named_in_the_frame_and_to_the_page(
    page: Page, number: str, expiry: str, code: str, words: str
) -> None:
    fields = fill(page, number, expiry)
    error = page.evaluate("shop.elements.submit()")["error"]
    assert (error["type"], error["code"], error["message"]) == ("validation_error", code, words)
    expect(fields.get_by_role("alert").filter(has_text=words)).to_be_visible()


def test_the_page_hears_when_the_card_is_complete(page: Page) -> None:
    fill(page)
    assert wait_until(lambda: page.evaluate("shop.complete === true"), WITHIN)


def test_the_frame_is_as_high_as_its_content(page: Page) -> None:
    height = "document.querySelector('#card iframe').getBoundingClientRect().height"
    assert wait_until(lambda: page.evaluate(height) > 200, WITHIN)


def test_the_old_names_of_options_are_refused(page: Page) -> None:
    wrong = {**ELEMENTS, "paymentMethodTypes": ["card"]}
    assert page.evaluate("options => shop.refused(options)", wrong) == "IntegrationError"


@pytest.mark.parametrize("missing", ["mode", "amount", "currency"])
def test_a_missing_option_is_refused(page: Page, missing: str) -> None:
    options = {name: value for name, value in ELEMENTS.items() if name != missing}
    assert page.evaluate("options => shop.refused(options)", options) == "IntegrationError"


def test_a_completed_challenge_pays(page: Page, v1: Any) -> None:
    begin_challenge(page, v1)
    page.frame_locator(BANK).locator("#complete").click()
    assert page.evaluate("shop.next")["paymentIntent"]["status"] == "succeeded"
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_card_from_the_form_is_challenged_and_pays(page: Page, v1: Any) -> None:
    fill(page, SECURE)
    token = tokenize(page)["confirmationToken"]["id"]
    intent = v1.payment_intents.create(card_payment(confirm=True, confirmation_token=token))
    page.evaluate(f"secret => {{ shop.next = ({NEXT})(secret) }}", intent.client_secret)
    page.frame_locator(BANK).locator("#complete").click()
    assert page.evaluate("shop.next")["paymentIntent"]["status"] == "succeeded"


def test_a_failed_challenge_is_an_error_and_the_intent_stays_open(page: Page, v1: Any) -> None:
    begin_challenge(page, v1)
    page.frame_locator(BANK).locator("#fail").click()
    error = page.evaluate("shop.next")["error"]
    assert error["code"] == "payment_intent_authentication_failure"
    assert error["payment_intent"]["status"] == "requires_payment_method"


def test_closing_the_banks_window_fails_the_challenge(page: Page, v1: Any) -> None:
    begin_challenge(page, v1)
    page.get_by_role("button", name="Cancel").click()
    assert page.evaluate("shop.next")["error"]["code"] == "payment_intent_authentication_failure"


def test_a_card_can_be_declined_after_its_challenge(page: Page, v1: Any) -> None:
    begin_challenge(page, v1, "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds")
    page.frame_locator(BANK).locator("#complete").click()
    assert page.evaluate("shop.next")["error"]["decline_code"] == "insufficient_funds"


def test_the_browser_reads_an_intent_by_its_secret_only(page: Page, v1: Any) -> None:
    intent = v1.payment_intents.create(card_payment())
    read = "secret => shop.stripe.retrievePaymentIntent(secret)"
    found = page.evaluate(read, intent.client_secret)
    assert found["paymentIntent"]["id"] == intent.id
    assert "error" in page.evaluate(read, f"{intent.id}_secret_guessed")


def test_a_redirect_comes_back_with_its_outcome(page: Page, host: HostPage, v1: Any) -> None:
    intent = v1.payment_intents.create(
        confirmed("pm_card_authenticationRequired", return_url=f"{host.url}back?order=1")
    )
    page.goto(intent.next_action.redirect_to_url.url)
    page.locator("#complete").click()
    page.wait_for_url(f"{host.url}back?order=1&payment_intent={intent.id}*succeeded")
    assert v1.payment_intents.retrieve(intent.id).status == "succeeded"


def test_a_setup_is_confirmed_in_the_browser(page: Page, v1: Any) -> None:
    fill(page)
    customer = v1.customers.create({}).id
    intent = v1.setup_intents.create(
        {"customer": customer, "allowed_payment_method_types": ["card"]}
    )
    result = page.evaluate(
        """async clientSecret => {
            await shop.elements.submit();
            return shop.stripe.confirmSetup(
                {elements: shop.elements, clientSecret, redirect: "if_required"});
        }""",
        intent.client_secret,
    )
    assert result["setupIntent"]["status"] == "succeeded"
    assert len(v1.payment_methods.list({"customer": customer}).data) == 1


def test_a_token_for_a_direct_charge_lives_on_the_connected_account(
    browser: Browser, host: HostPage, key: str, v1: Any
) -> None:
    account = v1.accounts.create({"type": "express"}).id
    page = browser.new_page()
    page.goto(host.url)
    opening = "([key, options, account]) => shop.open(key, options, account)"
    page.evaluate(opening, [publishable(key), ELEMENTS, account])
    fill(page)
    token = tokenize(page)["confirmationToken"]["id"]
    page.close()
    options = {"stripe_account": account}
    intent = v1.payment_intents.create(
        card_payment(confirm=True, confirmation_token=token), options
    )
    assert intent.status == "succeeded"


def test_the_fields_are_of_the_sandboxes_origin(sandbox_url: str, page: Page) -> None:
    assert page.frame_locator(FIELDS).owner.get_attribute("src") == f"{sandbox_url}/elements/card"


def test_a_dead_frame_is_a_load_error(browser: Browser, host: HostPage, key: str) -> None:
    page = browser.new_page()
    page.route("**/elements/card", lambda route: route.abort())
    page.clock.install()
    page.goto(host.url)
    page.evaluate(
        "([key, options]) => { shop.open(key, options);"
        " shop.card.on('loaderror', (event) => { shop.failed = event.error.type; }); }",
        [publishable(key), ELEMENTS],
    )
    page.clock.run_for(16_000)
    assert page.evaluate("shop.failed") == "api_connection_error"
    page.close()


def test_only_the_page_around_connects_to_the_fields(browser: Browser, sandbox_url: str) -> None:
    """Messages arrive in their order: had the neighbour's counted, the page's would not."""
    page = browser.new_page()
    page.set_content(f'<iframe src="{sandbox_url}/elements/card"></iframe><iframe></iframe>')
    page.frame_locator("iframe >> nth=0").locator('[name="number"]').wait_for()
    heard = page.evaluate(
        """() => new Promise((resolve) => {
            const fields = frames[0];
            const neighbour = frames[1];
            const settings = {appearance: {}, options: {}, access: {}};
            const channels = [new MessageChannel(), new MessageChannel()];
            neighbour.settings = {sandbox: "connect", settings};
            neighbour.eval("window.say = (to, port) => to.postMessage(settings, '*', [port])");
            neighbour.say(fields, channels[0].port2);
            channels[0].port1.onmessage = () => resolve("the neighbour");
            channels[1].port1.onmessage = () => resolve("the page");
            fields.postMessage(neighbour.settings, "*", [channels[1].port2]);
        })"""
    )
    page.close()
    assert heard == "the page"


def test_the_fields_wear_the_pages_borders_and_labels_and_stand_in_line(page: Page) -> None:
    rules = {".Input": {"border": "3px solid rgb(1, 2, 3)"}, ".Label": {"fontWeight": "600"}}
    page.evaluate("rules => shop.elements.update({appearance: {rules}})", rules)
    fields = page.frame_locator(FIELDS)
    expect(fields.locator("#number")).to_have_css("border-top-color", "rgb(1, 2, 3)")
    expect(fields.locator("#number")).to_have_css("border-top-width", "3px")
    expect(fields.get_by_text("Card number")).to_have_css("font-weight", "600")
    page.set_viewport_size({"width": 320, "height": 800})  # one label takes two lines
    country, postal = (fields.locator(css) for css in ("#country", "#postal"))
    tops = [found.evaluate("one => one.getBoundingClientRect().top") for found in (country, postal)]
    page.set_viewport_size({"width": 1280, "height": 720})
    assert tops[0] == tops[1]


def test_a_rule_reaches_the_state_it_names_and_a_variable_what_refers_to_it(page: Page) -> None:
    page.evaluate(
        "rules => shop.elements.update({appearance: {rules, variables: {colorDanger: '#a3231a'}}})",
        {
            ".Input:focus": {"outline": "3px solid rgb(1, 2, 3)", "outlineOffset": "1px"},
            ".Input--invalid, .Error": {"borderColor": "var(--colorDanger)"},
            ".Error": {"fontSize": "15px", "color": "rgb(4, 5, 6)"},
        },
    )
    fields = fill(page, "4242")
    fields.locator("#number").focus()
    expect(fields.locator("#number")).to_have_css("outline-color", "rgb(1, 2, 3)")
    fields.locator("#cvc").focus()
    expect(fields.locator("#number")).to_have_css("border-top-color", "rgb(163, 35, 26)")
    expect(fields.locator("#number-error")).to_have_css("color", "rgb(4, 5, 6)")
    expect(fields.locator("#number-error")).to_have_css("font-size", "15px")
    expect(fields.locator("#cvc")).not_to_have_css("border-top-color", "rgb(163, 35, 26)")


@pytest.mark.parametrize(
    ("appearance", "words"),
    [
        ({"rules": {"img": {"color": "red"}}}, 'invalid selector "img"'),
        ({"rules": {".p-Private": {"color": "red"}}}, 'invalid selector ".p-Private"'),
        ({"rules": {".Tab .TabLabel": {"color": "red"}}}, 'invalid selector ".Tab .TabLabel"'),
        ({"rules": {".Tab--invalid": {"color": "red"}}}, 'invalid selector ".Tab--invalid"'),
        ({"rules": {".Label:focus": {"color": "red"}}}, 'invalid selector ".Label:focus"'),
        (
            {"rules": {".Input": {"minHeight": "46px"}}},
            '"minHeight" is not a supported property for ".Input"',
        ),
        (
            {"rules": {".Label": {"border": "0"}}},
            '"border" is not a supported property for ".Label"',
        ),
        (
            {"rules": {".Input::placeholder": {"opacity": "1"}}},
            '"opacity" is not a supported property for ".Input::placeholder"',
        ),
        (
            {"variables": {"colorText": "rgba(255, 255, 255, 0.93)"}},
            'invalid variable value "rgba(255, 255, 255, 0.93)" provided to "colorText"',
        ),
    ],
)
def test_what_stripe_does_not_take_of_a_look_is_said_and_left_out(
    page: Page, appearance: dict[str, Any], words: str
) -> None:
    look = "() => getComputedStyle(document.querySelector('#number')).cssText"
    frame = page.frames[1]
    before = frame.evaluate(look)
    with page.expect_console_message() as said:
        page.evaluate("appearance => shop.elements.update({appearance})", appearance)
    assert said.value.text == f"[Stripe.js] stripe.elements(): {words}"
    page.evaluate("shop.elements.submit()")  # the frame has answered what it was asked before
    assert frame.evaluate(look) == before


def test_the_fields_take_another_look_while_they_are_shown(page: Page) -> None:
    fields = page.frame_locator(FIELDS)
    text = fields.locator("html")
    before = text.evaluate("page => getComputedStyle(page).getPropertyValue('--colorText')")
    page.evaluate(
        "shop.elements.update({appearance: {theme: 'night', variables: {colorText: '#abcdef'}}})"
    )
    expect(text).to_have_class("night")
    after = text.evaluate("page => getComputedStyle(page).getPropertyValue('--colorText')")
    assert (before != after, after) == (True, "#abcdef")
