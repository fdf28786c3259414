"""A customer's payment history, and that its cache never lies."""

from __future__ import annotations

import json
import re
from dataclasses import fields, make_dataclass

import pytest
from redis import Redis

from payments_app.core.web.cache import shape_of
from payments_app.staff import cache
from payments_app.staff.detail import Detail
from tests.accounts.staff_driver import Browser, StaffDriver
from tests.staff.stored_payments import StoredPayments

pytestmark = pytest.mark.portable


def page_of(browser: Browser, stored_payments: StoredPayments) -> str:
    return browser.get(f"/staff/customers/{stored_payments.customer_id()}").text


def test_the_panel_has_its_columns(viewer: Browser, stored_payments: StoredPayments) -> None:
    stored_payments.payment()
    page = page_of(viewer, stored_payments)
    assert "Payment History" in page
    for name in ("Amount", "Status", "Date", "Stripe ID", "Error Details", "Actions"):
        assert f">{name}</th>" in page


def test_a_customer_without_payments_reads_so(
    viewer: Browser, stored_payments: StoredPayments
) -> None:
    assert "No payment history found." in page_of(viewer, stored_payments)


def test_fifty_rows_are_shown_and_all_are_counted(
    viewer: Browser, stored_payments: StoredPayments
) -> None:
    stored_payments.many(51)
    page = page_of(viewer, stored_payments)
    assert page.count("badge-success") == 50
    assert "51 attempts: 51 paid ($560.49)" in page


def test_the_number_of_queries_does_not_grow_with_the_rows(
    viewer: Browser, stored_payments: StoredPayments
) -> None:
    stored_payments.many(50)
    viewer.get("/staff")  # what every page's banner and navigation count, once in a few seconds
    with stored_payments.statements() as sent:
        page_of(viewer, stored_payments)
    reads = [s for s in sent if s.startswith("SELECT") and "staff_sessions" not in s]
    # the customer (by the test and by the page), newest, totals, details, whose they are, the
    # subscriptions, sessions, and twice what was given back: for the panel and for its rows
    assert len(reads) <= 12


def test_a_second_look_reads_no_details(viewer: Browser, stored_payments: StoredPayments) -> None:
    stored_payments.many(3)
    page_of(viewer, stored_payments)
    with stored_payments.statements() as sent:
        page_of(viewer, stored_payments)
    assert not any("error_message" in s for s in sent)


def test_a_change_shows_at_the_next_load(viewer: Browser, stored_payments: StoredPayments) -> None:
    id_ = stored_payments.payment("processing")
    assert "</span> Processing" in page_of(viewer, stored_payments)
    stored_payments.change(id_, phase="complete", state="complete")
    page = page_of(viewer, stored_payments)
    assert "</span> Paid" in page
    assert "</span> Processing" not in page


def test_two_changes_within_a_second_show_the_last(
    viewer: Browser, stored_payments: StoredPayments
) -> None:
    id_ = stored_payments.payment("processing")
    for phase, state in (("unknown", "pending"), ("failed", "failed"), ("complete", "complete")):
        stored_payments.change(id_, phase=phase, state=state)
        page = page_of(viewer, stored_payments)
    assert "</span> Paid" in page
    assert "</span> Failed" not in page


def test_a_cached_panel_says_when_it_was_made(
    viewer: Browser, stored_payments: StoredPayments
) -> None:
    stored_payments.payment()
    assert re.search(r"as of \d\d:\d\d", page_of(viewer, stored_payments))


def test_support_gets_the_retry_that_a_viewer_does_not(
    viewer: Browser, support: Browser, stored_payments: StoredPayments
) -> None:
    stored_payments.decline(order_id=stored_payments.order().id)
    assert "Retry Payment" not in page_of(viewer, stored_payments)
    assert "Retry Payment" in page_of(support, stored_payments)


def test_the_cache_holds_json_and_nothing_of_a_session(
    viewer: Browser, stored_payments: StoredPayments, settings: dict[str, str]
) -> None:
    stored_payments.payment()
    page_of(viewer, stored_payments)
    with Redis.from_url(settings["CACHE_REDIS_URL"]) as redis:
        values = [redis.get(key) for key in redis.keys("staff:*")]
    assert values
    for value in values:
        assert isinstance(json.loads(value), dict)
        assert b"csrf" not in value


@pytest.fixture
def settings(settings: dict[str, str], request: pytest.FixtureRequest) -> dict[str, str]:
    if "redis_is_away" not in request.node.name:
        return settings
    return settings | {"CACHE_REDIS_URL": "redis://127.0.0.1:1/0"}


def test_the_page_is_worked_out_while_redis_is_away(
    staff_driver: StaffDriver, stored_payments: StoredPayments
) -> None:
    stored_payments.payment()
    browser = staff_driver.signed_in()
    for _ in range(2):
        assert "</span> Paid" in page_of(browser, stored_payments)


def test_a_poisoned_entry_is_not_run_and_not_shown(
    viewer: Browser, stored_payments: StoredPayments, settings: dict[str, str]
) -> None:
    stored_payments.payment()
    page_of(viewer, stored_payments)
    with Redis.from_url(settings["CACHE_REDIS_URL"]) as redis:
        for key in redis.keys("staff:*"):
            redis.set(key, b"!cos\nsystem\n(S'true'\ntR.")
    assert "</span> Paid" in page_of(viewer, stored_payments)


def test_what_another_release_kept_in_another_shape_is_not_shown(
    viewer: Browser, stored_payments: StoredPayments, settings: dict[str, str]
) -> None:
    """It had no status yet: its entries lie there under the names of its own shape."""
    id_ = stored_payments.payment()
    page = f"/staff/payments/{id_}"
    assert "</span> Paid" in viewer.get(page).text
    earlier = make_dataclass(
        "Detail", [(each.name, each.type) for each in fields(Detail) if each.name != "status"]
    )
    with Redis.from_url(settings["CACHE_REDIS_URL"]) as redis:
        for key in redis.keys("staff:payment:*"):
            kept = json.loads(redis.getdel(key))["value"]
            del kept["status"]
            name = key.decode().replace(shape_of(Detail), shape_of(earlier))
            with viewer.client.application.app_context():
                cache.set_many({name.removeprefix("staff:"): kept})
    assert "</span> Paid" in viewer.get(page).text


@pytest.mark.parametrize("other", [[("a", str)], [("a", int), ("b", str)], [("b", int)]])
def test_another_field_or_type_is_another_shape(other: list[tuple[str, type]]) -> None:
    kept = make_dataclass("Kept", [("a", int)])
    assert shape_of(kept) == shape_of(make_dataclass("Kept", [("a", int)]))
    assert shape_of(kept) != shape_of(make_dataclass("Kept", other))


def test_one_attempt_is_no_attempts(viewer: Browser, stored_payments: StoredPayments) -> None:
    stored_payments.payment()
    stored_payments.payment(email="bo@example.com")
    assert "1 attempt: 1 paid" in page_of(viewer, stored_payments)
