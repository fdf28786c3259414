"""Headers, access, limits and problems, as every package answers them."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from parts.settings import NO_CACHE, NO_REDIS
from payments_app.core.web import access
from payments_app.core.web.limits import Rate
from tests.checkout.checkout_client import BROWSER, CheckoutClient

pytestmark = pytest.mark.portable


def test_every_route_declares_who_may_call_it(app: Flask) -> None:
    assert access.undeclared(app) == []


def test_a_route_that_declares_nothing_is_not_there(app: Flask) -> None:
    app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    assert app.test_client().get("/forgotten").status_code == 404


def test_a_staff_route_without_a_staff_check_is_refused(app: Flask) -> None:
    app.extensions["staff_check"] = None
    app.add_url_rule("/staff/odd", "odd", access.staff("refund")(lambda: "secret"))
    answer = app.test_client().get("/staff/odd")
    assert answer.status_code == 403
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "no-store" in answer.headers["Cache-Control"]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "not_found"),
        ("PUT", "/transactions", 405, "method_not_allowed"),
        ("GET", "/checkout/nothing", 404, "not_found"),
    ],
)
def test_a_problem_is_an_envelope_for_a_program_and_a_page_for_a_person(
    client: FlaskClient, method: str, path: str, status: int, code: str
) -> None:
    program = client.open(path, method=method)
    person = client.open(path, method=method, headers=BROWSER)
    assert program.status_code == person.status_code == status
    assert program.json["success"] is False
    assert program.json["error"]["code"] == code
    assert "Corner Shop" in person.text


@pytest.mark.parametrize(
    "path",
    [
        "/checkout/%00",
        "/checkout/ord_%00",
        "/api/v1/products/%00",
        "/transactions/txn_%00",
        "/thankyou?transaction=txn_none",
    ],
)
def test_an_odd_address_is_a_miss(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("query", [f"quantity={'9' * 5000}", "quantity=-1"])
def test_an_odd_quantity_in_the_address_is_one(checkout: CheckoutClient, query: str) -> None:
    assert "Pay $10.99" in checkout.page(f"/checkout/field-notes?{query}").text


def test_a_fault_of_ours_is_a_calm_page_without_a_trace(app: Flask) -> None:
    @access.public
    def broken() -> str:
        raise RuntimeError("sk_test_nobody_reads_this")

    app.add_url_rule("/broken", "broken", broken)
    answer = app.test_client().get("/broken", headers=BROWSER)
    assert answer.status_code == 500
    assert "Something went wrong" in answer.text
    assert "nobody_reads_this" not in answer.text
    assert answer.headers["X-Request-ID"] in answer.text


def test_the_checkout_loads_scripts_and_frames_from_stripe_alone(checkout: CheckoutClient) -> None:
    policy = _policy(checkout.page("/checkout/field-notes").headers["Content-Security-Policy"])
    sandbox = checkout.app.config["CONFIG"].stripe_api_base
    stripe = ["https://js.stripe.com", "https://*.js.stripe.com"]
    assert policy["default-src"] == ["'none'"]
    assert policy["script-src"] == ["'self'", *stripe, sandbox]
    assert policy["frame-src"] == [*stripe, "https://hooks.stripe.com", sandbox]
    assert policy["connect-src"] == ["'self'", "https://api.stripe.com", sandbox]
    assert policy["style-src"] == policy["font-src"] == policy["form-action"] == ["'self'"]
    assert policy["frame-ancestors"] == policy["base-uri"] == ["'none'"]


def test_other_pages_load_nothing_from_anybody_else(checkout: CheckoutClient) -> None:
    for path in ("/", "/thankyou", "/nothing"):
        policy = checkout.page(path).headers["Content-Security-Policy"]
        assert "http" not in policy


def test_pages_hold_no_inline_script_or_style(checkout: CheckoutClient) -> None:
    paths = ["/", "/checkout/field-notes", f"/transactions/{checkout.pay()}", "/thankyou"]
    for path in paths:
        text = checkout.page(path).text
        assert " style=" not in text
        assert "<style" not in text
        assert " onclick=" not in text
        assert all(" src=" in tag for tag in text.split("<script")[1:])


def test_pages_send_the_headers_of_a_payment_page(checkout: CheckoutClient) -> None:
    headers = checkout.page("/checkout/field-notes").headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
    frames = '"https://js.stripe.com" "https://*.js.stripe.com" "https://hooks.stripe.com"'
    assert headers["Permissions-Policy"] == f"payment=(self {frames})"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin-allow-popups"
    assert headers["Cache-Control"] == "no-cache"


def test_a_given_request_id_is_kept_unless_it_is_malformed(client: FlaskClient) -> None:
    given = client.get("/", headers={"X-Request-ID": "abcd-1234"})
    forged = client.get("/", headers={"X-Request-ID": "<script>"})
    assert given.headers["X-Request-ID"] == "abcd-1234"
    assert forged.headers["X-Request-ID"].isalnum()


def test_products_are_public_and_revalidated_by_their_etag(checkout: CheckoutClient) -> None:
    for path in ("/api/v1/products", "/api/v1/products/field-notes"):
        answer = checkout.client.get(path)
        assert answer.headers["Cache-Control"] == (
            "public, max-age=60, s-maxage=300, stale-while-revalidate=30"
        )
        assert "Accept-Encoding" in answer.headers["Vary"]
        assert "Set-Cookie" not in answer.headers
        again = checkout.client.get(path, headers={"If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 304


def test_a_public_answer_carries_no_cookie_even_to_a_known_browser(
    checkout: CheckoutClient,
) -> None:
    checkout.pay()
    assert "Set-Cookie" not in checkout.client.get("/api/v1/products").headers


def test_static_files_are_kept_for_an_hour(client: FlaskClient) -> None:
    with client.get("/static/css/site.css") as answer:
        assert answer.headers["Cache-Control"] == "public, max-age=3600"


def test_a_form_that_knows_the_buyers_address_is_kept_by_no_cache(checkout: CheckoutClient) -> None:
    order = checkout.order_of(checkout.pay("pm_card_visa_chargeDeclined"))
    assert "no-store" in checkout.page(f"/checkout/{order}").headers["Cache-Control"]


def test_an_unknown_product_is_cached_by_nobody(checkout: CheckoutClient) -> None:
    answer = checkout.client.get("/api/v1/products/nothing")
    assert (answer.status_code, answer.mimetype) == (404, "application/json")
    assert "no-store" in answer.headers["Cache-Control"]


def test_the_cookie_is_for_the_server_alone_and_for_this_site(checkout: CheckoutClient) -> None:
    cookie = checkout.page("/checkout/field-notes").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


class TestBehindTls:
    @pytest.fixture
    def public_url(self) -> str:
        return "https://shop.example.com"

    def test_the_cookie_is_secure_and_bound_to_the_host(self, checkout: CheckoutClient) -> None:
        answer = checkout.page("/checkout/field-notes")
        assert answer.headers["Set-Cookie"].startswith("__Host-session=")
        assert "; Secure" in answer.headers["Set-Cookie"]

    def test_browsers_are_told_to_stay_with_tls(self, checkout: CheckoutClient) -> None:
        assert "max-age=" in checkout.page("/").headers["Strict-Transport-Security"]


class TestAStrictLimit:
    @pytest.fixture
    def settings(self, settings: dict[str, str]) -> dict[str, str]:
        return settings | {"CHECKOUT_RATE_LIMIT": "2/hour"}

    def test_one_too_many_is_told_when_to_come_back(self, checkout: CheckoutClient) -> None:
        answers = [checkout.post() for _ in range(3)]
        assert [answer.status_code for answer in answers] == [202, 202, 429]
        assert answers[2].json["error"]["code"] == "rate_limited"
        assert 1 <= int(answers[2].headers["Retry-After"]) <= 3602
        assert checkout.count() == 2

    def test_a_form_too_many_keeps_what_was_typed(self, checkout: CheckoutClient) -> None:
        form = checkout.form()
        answer = [checkout.send(form) for _ in range(3)][2]
        assert answer.status_code == 429
        assert 'value="ada@example.com"' in answer.text
        assert "Retry-After" in answer.headers

    def test_a_form_too_many_that_another_site_sends_fills_in_nothing(
        self, checkout: CheckoutClient
    ) -> None:
        theirs = {"item": "field-notes", "email": "guest@example.com", "save_card": "1"}
        answer = [checkout.send(theirs, card=None) for _ in range(3)][2]
        assert answer.status_code == 429
        assert 'name="key"' in answer.text
        assert "guest@" not in answer.text
        assert "checked" not in answer.text

    def test_looking_is_not_limited(self, checkout: CheckoutClient) -> None:
        paid = checkout.pay()
        assert {checkout.status(paid)["state"] for _ in range(5)} == {"complete"}


class TestWithoutRedis:
    @pytest.fixture
    def settings(self, settings: dict[str, str]) -> dict[str, str]:
        return settings | {
            "CHECKOUT_RATE_LIMIT": "2/hour",
            "REDIS_URL": NO_REDIS,
            "CACHE_REDIS_URL": NO_CACHE,
        }

    def test_the_limit_holds_and_the_buyer_gets_the_normal_answer(
        self, checkout: CheckoutClient
    ) -> None:
        assert [checkout.post().status_code for _ in range(3)] == [202, 202, 429]


class TestWithoutDatabase:
    @pytest.fixture
    def settings(self, settings: dict[str, str]) -> dict[str, str]:
        return settings | {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing"}

    def test_everybody_is_asked_to_come_back(self, client: FlaskClient) -> None:
        program, person = client.get("/api/v1/products"), client.get("/", headers=BROWSER)
        assert program.status_code == person.status_code == 503
        assert program.json["error"]["code"] == "unavailable"
        assert program.headers["Retry-After"] == "5"
        assert "Temporarily unavailable" in person.text


@pytest.mark.parametrize("text", ["", "10", "10/day", "ten/minute", "-1/minute"])
def test_a_rate_that_can_not_be_read_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="does not read like 10/minute"):
        Rate.parse(text)


def _policy(header: str) -> dict[str, list[str]]:
    return {name: values for name, *values in (part.split() for part in header.split("; "))}
