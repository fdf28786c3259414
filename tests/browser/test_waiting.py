"""The page that follows a payment, in a real browser, while things go wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from parts.app import Web
from tests.browser.buyer import DECLINED, PAINTED, SECURE, WITHIN_MS, Buyer

pytestmark = pytest.mark.browser

Stripe = Callable[..., None]
# Until it is taken back: a payment of the test before may still be on its way to Stripe.
SLOW = {
    "fault": "slow",
    "ms": 4000,
    "match": {"method": "POST", "path": "/v1/payment_intents$"},
    "times": None,
}


@pytest.fixture
def context(browser: Browser, open_shop: Web) -> Iterator[BrowserContext]:
    """Its clock is moved here, and it goes off the net."""
    context = browser.new_context(base_url=open_shop.url, locale="en-US")
    yield context
    context.close()


def is_status(url: str) -> bool:
    return "/transactions/txn_" in url and "partial=1" in url


def polls_of(page: Page) -> list[str]:
    """Fills as the page asks."""
    polls: list[str] = []
    page.on("request", lambda r: polls.append(r.url) if is_status(r.url) else None)
    return polls


def turn(page: Page, *, hidden: bool) -> None:
    """The tab goes to the background, or comes back."""
    page.evaluate(
        """hidden => {
          Object.defineProperty(document, "hidden", {value: hidden, configurable: true});
          document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )


def test_the_title_mirrors_the_state(buyer: Buyer, stripe: Stripe) -> None:
    stripe(SLOW)
    buyer.pay(DECLINED)
    expect(buyer.page).to_have_title("Processing · Corner Shop")
    expect(buyer.page).to_have_title("Payment failed · Corner Shop", timeout=WITHIN_MS)
    stripe()
    buyer.pay(SECURE)
    asks = "Confirm with your bank · Corner Shop"
    expect(buyer.page).to_have_title(asks, timeout=WITHIN_MS)
    buyer.answer_bank("complete")
    expect(buyer.page).to_have_title("Thank you · Corner Shop", timeout=WITHIN_MS)


def test_what_is_read_aloud_changes_only_when_the_state_does(buyer: Buyer, stripe: Stripe) -> None:
    stripe({**SLOW, "ms": 10_000})  # it must not end while it is looked at
    buyer.pay()
    page = buyer.page
    page.locator("[data-phase=processing]").wait_for()
    page.evaluate(
        """() => {
          window.changes = 0;
          const region = document.querySelector("[role=status]");
          const options = {childList: true, subtree: true, characterData: true};
          new MutationObserver(() => { window.changes += 1; }).observe(region, options);
        }"""
    )
    statuses = []
    for _ in range(4):
        with page.expect_response(lambda response: is_status(response.url)) as polled:
            pass
        statuses.append(polled.value.status)
    assert statuses[1:] == [304] * 3  # the first one is whole where the page had this state already
    assert page.evaluate("window.changes") == 0


def test_where_nothing_is_new_it_is_told_so_and_still_asks_as_the_server_says(
    buyer: Buyer, stripe: Stripe
) -> None:
    stripe({**SLOW, "ms": 10_000})  # the page must be there before the payment ends
    page, known = buyer.page, []
    nothing_new = iter([{"X-Next-Poll-Ms": "100"}, {"X-Next-Poll-Ms": "200000"}])

    def answer(route: Route) -> None:
        known.append(route.request.headers.get("if-none-match"))
        if len(known) == 1:
            status = route.fetch().json() | {"next_poll_ms": 200}
            route.fulfill(json=status, headers={"ETag": 'W/"1"'})
        elif headers := next(nothing_new, None):
            route.fulfill(status=304, headers=headers)
        else:
            route.continue_()

    page.clock.install()
    page.route(is_status, answer)
    buyer.open()
    buyer.fill()
    with page.expect_response(lambda answer: "200000" in answer.headers.get("x-next-poll-ms", "")):
        buyer.press_pay()
    page.clock.fast_forward(100_000)
    assert known == [None, 'W/"1"', 'W/"1"']
    with page.expect_request(lambda request: is_status(request.url)):
        page.clock.fast_forward(200_000)
    buyer.sees("Thank you")


def test_a_lost_answer_reads_as_checking_and_never_as_failed(buyer: Buyer, stripe: Stripe) -> None:
    stripe(
        {"fault": "drop_after", "match": {"path": "/confirm$"}, "times": None},
        {"fault": "500_before", "match": {"method": "GET"}, "times": None},
    )
    buyer.pay()
    buyer.sees("We're checking with your bank")
    buyer.reads("Don't pay again.")
    stripe()
    expect(buyer.page.get_by_role("heading", level=1)).to_have_text("Thank you", timeout=30_000)


def test_a_trouble_of_ours_is_never_shown_as_a_failed_payment(buyer: Buyer) -> None:
    answers = iter([503, 429, 500])

    def troubled(route: Route) -> None:
        status = next(answers, None)
        if status is None:
            route.continue_()
        else:
            expect(buyer.page.get_by_role("heading", level=1)).to_have_text(
                "Processing your payment"
            )
            route.fulfill(status=status, headers={"Retry-After": "1"}, body="{}")

    buyer.page.route(lambda url: is_status(url), troubled)
    buyer.pay()
    buyer.sees("Thank you")


@pytest.mark.parametrize(
    ("status", "retry_after"),
    [(429, "400"), (503, "400"), (503, "Sun, 02 Jan 2000 00:06:40 GMT")],
)
def test_it_asks_no_sooner_than_retry_after_says_not_even_when_it_is_shown_again(
    buyer: Buyer, stripe: Stripe, status: int, retry_after: str
) -> None:
    """Which is a number of seconds, or a date."""
    stripe(SLOW)
    page, polls = buyer.page, polls_of(buyer.page)
    headers = {"Retry-After": retry_after}
    page.route(is_status, lambda route: route.fulfill(status=status, headers=headers), times=1)
    page.clock.install(time="2000-01-02T00:00:00Z")
    buyer.open()
    buyer.fill()
    with page.expect_response(lambda answer: answer.status == status):
        buyer.press_pay()
    page.clock.fast_forward(300_000)
    for hidden in (True, False):
        turn(page, hidden=hidden)
    buyer.reads("You can close this page.")
    assert len(polls) == 1
    with page.expect_request(lambda request: is_status(request.url)):
        page.clock.fast_forward(200_000)
    buyer.sees("Thank you")


def test_after_the_banks_check_retry_after_is_obeyed_too(buyer: Buyer) -> None:
    page, polls = buyer.page, list[str]()

    def busy(route: Route) -> None:
        polls.append(route.request.url)
        route.fulfill(status=429, headers={"Retry-After": "400"})

    page.clock.install()
    buyer.pay(SECURE)
    buyer.sees_bank()
    page.route(is_status, busy)
    with page.expect_response(lambda answer: answer.status == 429):
        page.clock.fast_forward(10_000)
    with page.expect_response("**/checks"):
        buyer.answer_bank("complete")
    for _ in range(2):
        page.clock.fast_forward(100_000)
        buyer.sees("Confirm this payment with your bank")
    assert len(polls) == 1
    page.unroute(is_status)
    page.clock.fast_forward(200_000)
    buyer.sees("Thank you")


def test_after_ten_seconds_it_says_not_to_pay_again_and_after_a_minute_that_one_may_leave(
    buyer: Buyer, stripe: Stripe
) -> None:
    stripe(SLOW)
    buyer.page.clock.install()
    buyer.pay()
    buyer.sees("Processing your payment")
    slow, leave = (buyer.page.locator(f"[data-note={name}]") for name in ("slow", "leave"))
    soon = buyer.page.get_by_text("This takes a few seconds. Keep this page open.")
    expect(buyer.page.locator(".steps [aria-current]")).to_have_text("Your bank decides")
    expect(slow).to_be_hidden()
    expect(soon).to_be_visible()
    buyer.page.clock.fast_forward(10_500)
    expect(slow).to_be_visible()
    expect(soon).to_be_hidden()
    expect(leave).to_be_hidden()
    buyer.page.clock.fast_forward(50_500)
    expect(leave).to_contain_text("We'll e-mail ada@example.com")
    expect(leave).to_contain_text("Don't pay again.")
    expect(buyer.page.locator(".facts")).to_contain_text(buyer.status()["reference"])
    expect(slow).to_be_hidden()
    buyer.sees("Thank you")


def test_it_pauses_in_the_background_and_asks_at_once_when_shown(
    buyer: Buyer, stripe: Stripe
) -> None:
    stripe(SLOW)
    buyer.page.clock.install()
    buyer.pay()
    buyer.sees("Processing your payment")
    turn(buyer.page, hidden=True)
    polls = polls_of(buyer.page)
    buyer.page.clock.fast_forward(30_000)
    assert polls == []
    with buyer.page.expect_request(lambda request: is_status(request.url)):
        turn(buyer.page, hidden=False)
    buyer.sees("Thank you")


def test_a_question_that_hangs_is_given_up_and_is_alone(buyer: Buyer, stripe: Stripe) -> None:
    stripe(SLOW)
    hanging: list[Route] = []
    buyer.page.route(
        lambda url: is_status(url) and not hanging, lambda route: hanging.append(route)
    )
    polls = polls_of(buyer.page)
    with buyer.page.expect_request(lambda request: is_status(request.url)):
        buyer.pay()
    for hidden in (True, False, True, False):  # shown again it would ask at once
        turn(buyer.page, hidden=hidden)
    assert len(polls) == 1
    with buyer.page.expect_event("requestfailed", timeout=WITHIN_MS):  # after eight seconds
        pass
    buyer.sees("Thank you")
    assert len(polls) > 1


def test_it_says_when_it_is_offline_and_goes_on_afterwards(buyer: Buyer, stripe: Stripe) -> None:
    stripe(SLOW)
    buyer.pay()
    buyer.sees("Processing your payment")
    buyer.page.context.set_offline(True)
    buyer.reads("You are offline.")
    buyer.page.context.set_offline(False)
    buyer.sees("Thank you")


def test_it_stops_at_a_cap_and_offers_to_check_again(buyer: Buyer, stripe: Stripe) -> None:
    stripe({**SLOW, "ms": 12_000})  # it must not end before the clock is moved
    buyer.page.clock.install()
    buyer.pay()
    buyer.sees("Processing your payment")
    buyer.page.clock.fast_forward(16 * 60_000)
    again = buyer.page.get_by_role("button", name="Check again")
    expect(again).to_be_visible()
    polls = polls_of(buyer.page)
    buyer.page.clock.fast_forward(10 * 60_000)
    buyer.page.evaluate(PAINTED)
    assert polls == []
    again.click()
    buyer.sees("Thank you")
    assert polls != []


def test_what_has_ended_is_asked_for_no_more(buyer: Buyer) -> None:
    buyer.page.clock.install()
    buyer.pay(DECLINED)
    buyer.sees("Payment failed")
    polls = polls_of(buyer.page)
    for hidden in (True, False):
        turn(buyer.page, hidden=hidden)
    buyer.page.clock.fast_forward(10 * 60_000)
    buyer.page.evaluate(PAINTED)
    assert polls == []


def test_a_reload_during_the_banks_check_opens_it_again(buyer: Buyer) -> None:
    buyer.pay(SECURE)
    buyer.sees_bank()
    buyer.page.reload()
    buyer.answer_bank("complete")
    buyer.sees("Thank you")


def test_a_banks_window_that_did_not_open_can_be_opened_again(buyer: Buyer) -> None:
    buyer.open()
    buyer.fill(SECURE)
    buyer.page.route("**/stripe.js", lambda route: route.abort(), times=1)
    buyer.press_pay()
    buyer.reads("Your bank's window is closed.")
    buyer.page.get_by_role("button", name="Confirm with your bank").click()
    buyer.answer_bank("complete")
    buyer.sees("Thank you")


def test_card_fields_that_can_not_be_loaded_are_said_and_leave_no_dead_button(
    buyer: Buyer,
) -> None:
    buyer.page.route("**/stripe.js", lambda route: route.abort())
    buyer.open()
    buyer.reads("The card fields couldn't load. No payment was made.")
    expect(buyer.page.locator("[data-pay]")).to_be_hidden()
    for words in ("Save this card", "Stripe keeps it.", "even if you press Pay twice"):
        expect(buyer.page.get_by_text(words)).to_be_hidden()
    expect(buyer.page.locator("[data-new-card] legend")).to_be_hidden()
    buyer.page.unroute("**/stripe.js")
    again = buyer.page.get_by_role("link", name="Reload this page")
    again.click()
    expect(buyer.page.locator("[data-pay]")).to_be_visible()
    expect(again).to_be_hidden()


def test_the_address_of_a_payment_shows_a_stranger_only_its_state(
    buyer: Buyer, stranger: Buyer
) -> None:
    buyer.pay(DECLINED)
    buyer.sees("Payment failed")
    stranger.page.goto(buyer.page.url)
    stranger.sees("Payment failed")
    assert "ada@" not in stranger.page.content()
    expect(stranger.page.get_by_role("link", name="Try another card")).to_be_hidden()


def test_who_must_confirm_is_never_told_that_the_page_can_be_closed(buyer: Buyer) -> None:
    buyer.page.clock.install()
    buyer.open()
    buyer.fill(SECURE)
    buyer.page.route("**/stripe.js", lambda route: route.abort(), times=1)
    buyer.press_pay()
    buyer.reads("Your bank's window is closed.")
    facts = buyer.page.locator(".facts")
    before = facts.bounding_box()
    buyer.page.clock.fast_forward(70_000)
    for name in ("slow", "leave"):
        note = buyer.page.locator(f"[data-note={name}]")
        expect(note).not_to_have_attribute("hidden", "")
        expect(note).to_be_hidden()
    assert facts.bounding_box() == before


def test_while_the_bank_takes_its_time_the_page_may_be_closed_at_once(
    buyer: Buyer, stripe: Stripe
) -> None:
    lost = {"fault": "drop_after", "match": {"path": "/confirm$"}, "times": None}
    stripe(lost, {"fault": "500_before", "match": {"method": "GET"}, "times": None})
    buyer.page.clock.install()
    buyer.pay()
    buyer.sees("We're checking with your bank")
    expect(buyer.page.locator("[data-note=leave]")).to_contain_text("You can close this page.")
    expect(buyer.page.locator("[data-note=leave]")).to_be_visible()
    expect(buyer.page.locator("[data-note=soon]")).to_be_hidden()
    buyer.page.context.set_offline(True)
    buyer.reads("You are offline.")
    expect(buyer.page.locator("[data-note=leave]")).to_be_hidden()
    buyer.page.context.set_offline(False)


def test_a_browser_too_old_for_the_form_s_own_script_pays_and_waits_all_the_same(
    buyer: Buyer,
) -> None:
    buyer.page.add_init_script("delete AbortSignal.timeout")
    buyer.pay()
    buyer.reads("Thank you")
    buyer.pay(DECLINED)
    buyer.reads("You have not been charged.")
