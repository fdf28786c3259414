"""NUL and halves of surrogate pairs: PostgreSQL keeps neither in a text. Whoever types one is told
so, wherever it was typed; what others sent us is kept with U+FFFD in its place."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, literal, select, union_all
from sqlalchemy.orm import Session
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from demo.products import add_demo_products
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.web.tokens import hash_token, new_token
from payments_app.core.web.visitor_sessions import CUSTOMER, MERCHANT, VisitorSession
from payments_app.customers.models import Customer
from payments_app.merchants.address import Guard
from payments_app.merchants.endpoints import add_endpoint
from payments_app.merchants.find import default_merchant
from tests.accounts.staff_driver import PASSWORD, StaffDriver
from tests.staff.stored_payments import StoredPayments

pytestmark = pytest.mark.portable

NUL = "a\x00b"
HTML = {"Accept": "text/html"}
# How views name what they read: request.form.get("email"), "remove" in request.form, and so on.
_READ = re.compile(r'"([a-z_]+)"(?: in request\.|\))|\.get\(\s*"([a-z_]+)"')
_OPEN = {"ops.readyz"}


@atomic
def _signed_in(session: Session, audience: str, subject: str, address: str) -> str:
    """The token of a session, as a mailed link's button opens one."""
    token = new_token()
    session.add(
        VisitorSession(
            token_hash=hash_token(token),
            audience=audience,
            subject=subject,
            address=address,
            browser="A browser",
            expires_at=database_now(999),
        )
    )
    return token


class World:
    """One browser that is signed in as everybody at once, and what there is to be changed."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        app.config["WTF_CSRF_ENABLED"] = False  # else a form would end at its token
        stored_payments, staff_driver = StoredPayments(app), StaffDriver(app)
        with app.app_context():
            add_demo_products()
            merchant = db.session.merge(_shop())
            self.ids = {"merchant_id": merchant.id, "item": "field-notes", "slug": "field-notes"}
            as_merchant = _signed_in(MERCHANT, merchant.id, merchant.email)
        self.ids["transaction_id"] = stored_payments.payment()
        self.ids["customer_id"] = customer = stored_payments.customer_id()
        with app.app_context():
            email = db.session.get_one(Customer, customer).email
            as_customer = _signed_in(CUSTOMER, customer, email)
        self.browser = staff_driver.signed_in("admin").client
        with self.browser.session_transaction() as cookie:
            cookie[MERCHANT], cookie[CUSTOMER] = as_merchant, as_customer
        assert self.browser.post("/staff/confirm", data={"password": PASSWORD}).status_code == 303
        self.ids["staff_id"] = staff_driver.member("other@example.com")
        with app.app_context():
            self.ids["endpoint_id"] = add_endpoint(
                merchant.id, "http://127.0.0.1:9/", guard=Guard(allow_loopback=True), actor="ada"
            )

    def rules(self) -> Iterator[tuple[Rule, str]]:
        for rule in self.app.url_map.iter_rules():
            for method in sorted((rule.methods or set()) & {"GET", "POST"}):
                if rule.endpoint not in _OPEN:
                    yield rule, method

    def address(self, rule: Rule, **odd: str) -> str:
        values = {
            name: 1 if "Integer" in str(rule._converters[name]) else self.ids.get(name, "x")
            for name in rule.arguments
        }
        return self.app.url_map.bind("localhost").build(rule.endpoint, values | odd)

    def fields(self, rule: Rule) -> list[str]:
        """Every name that the view's file reads of a request, and one that none does."""
        module = sys.modules[inspect.unwrap(self.app.view_functions[rule.endpoint]).__module__]
        return sorted({a or b for a, b in _READ.findall(inspect.getsource(module))} | {"other"})

    def ask(self, method: str, path: str, **sent: Any) -> TestResponse:
        answer = self.browser.open(path, method=method, **{"headers": HTML} | sent)
        assert answer.status_code < 500, (method, path, sent, answer.status_code)
        return answer

    def rows(self) -> list[tuple[str, int]]:
        tables = [
            select(literal(table.name), func.count()).select_from(table)
            for table in db.metadata.sorted_tables
        ]
        with self.app.extensions["engine"].connect() as connection:
            return sorted((name, int(n)) for name, n in connection.execute(union_all(*tables)))


def _shop() -> Any:
    from payments_app.core.db.session import atomic

    return atomic(lambda session: default_merchant(session))()


@pytest.fixture
def settings(settings: dict[str, str]) -> dict[str, str]:
    return settings | {"CHECKOUT_RATE_LIMIT": "999999/minute"}


@pytest.fixture
def world(app: Flask) -> World:
    return World(app)


@pytest.mark.parametrize("where", ["query", "form", "multipart"])
def test_a_nul_in_any_field_of_any_route_is_no_fault_of_ours(world: World, where: str) -> None:
    for rule, method in world.rules():
        path = world.address(rule)
        for name in world.fields(rule):
            sent: dict[str, Any] = {"data": {name: NUL}}
            if where == "query":
                sent = {"query_string": {name: NUL}}
            elif where == "multipart":
                sent["content_type"] = "multipart/form-data"
            world.ask(method, path, **sent).close()


def test_a_nul_in_any_address_is_an_unknown_address(world: World) -> None:
    for rule, method in world.rules():
        for name in rule.arguments:
            if "Integer" not in str(rule._converters[name]):
                answer = world.ask(method, world.address(rule, **{name: NUL}))
                assert answer.status_code == 404, (method, rule)


def test_a_nul_in_any_header_or_cookie_is_no_fault_of_ours(world: World) -> None:
    names = (
        "Idempotency-Key User-Agent Referer Authorization Accept Accept-Language Origin"
        " X-Request-ID X-Forwarded-For Stripe-Signature If-None-Match If-Modified-Since Range"
    )
    odd = dict.fromkeys(names.split(), "a\x00\x80b")
    cookies = "; ".join(f"{name}=a%00\x00\\000b" for name in ("staff_zone", "session", "staff"))
    for rule, method in world.rules():
        world.ask(method, world.address(rule), headers={**odd, "Cookie": cookies}).close()


FORMS = [
    ("/account/links", {"email": f"ada{NUL}@example.com"}, "email"),
    ("/cart/items", {"item": f"field-notes{NUL}"}, "item"),
    ("/account/default_card", {"card": NUL}, "card"),
    ("/account/removed_cards", {"card": NUL}, "card"),
    ("/staff/login", {"email": f"ada{NUL}@example.com", "password": "x"}, "email"),
    ("/staff/password", {"old": PASSWORD, "new": f"{PASSWORD}{NUL}"}, "new"),
    ("/staff/members", {"email": f"ada{NUL}@example.com", "role": "viewer"}, "email"),
    ("/staff/merchants", {"name": NUL, "email": "a@example.com", "country": "US"}, "name"),
    ("/staff/filters", {"name": NUL, "status": "failed"}, "name"),
    ("/staff/payments/{transaction_id}/notes", {"text": NUL}, "text"),
]


@pytest.mark.parametrize(("path", "form", "field"), FORMS, ids=[form[0] for form in FORMS])
def test_a_form_with_a_nul_is_refused_and_the_field_is_named(
    world: World, path: str, form: dict[str, str], field: str
) -> None:
    before = world.rows()
    answer = world.ask("POST", path.format(**world.ids), data=form)
    assert answer.status_code == 422
    assert f"“{field}”" in answer.text
    assert "<html" in answer.text
    assert world.rows() == before


def test_a_program_gets_the_envelope_with_the_field(world: World) -> None:
    answer = world.ask(
        "POST", "/account/links", data={"email": NUL}, headers={"Accept": "application/json"}
    )
    assert answer.status_code == 422
    assert answer.json["error"]["code"] == "invalid"
    assert list(answer.json["error"]["fields"]) == ["email"]


@pytest.mark.parametrize("text", ["\\u0000", "\\ud800", "\\udfff\\ud800"])
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ('{"item": "%s"}', "item"),
        ('{"item": "field-notes", "email": "a@example.com", "note": {"a": ["%s"]}}', "note"),
        ('{"item": "field-notes", "email": "a@example.com", "note": {"%s": 1}}', "note"),
        ('{"item": "field-notes", "email": "a@example.com", "a%s": 1}', "a"),
    ],
)
@pytest.mark.parametrize("key", [None, "key-1"])
def test_json_with_half_a_character_is_refused(
    world: World, body: str, text: str, field: str, key: str | None
) -> None:
    before = world.rows()
    headers = {"Content-Type": "application/json"} | ({"Idempotency-Key": key} if key else {})
    answer = world.ask("POST", "/transactions", data=body % text, headers=headers)
    assert answer.status_code == 422
    (named,) = answer.json["error"]["fields"]
    assert named.strip("\ufffd") == field
    assert world.rows() == before


def test_a_whole_pair_is_a_character_like_any_other(world: World) -> None:
    body = b'{"item": "field-notes", "email": "a@example.com", "note": "\\ud83d\\udcb8"}'
    answer = world.ask(
        "POST", "/transactions", data=body, headers={"Content-Type": "application/json"}
    )
    assert "note" not in answer.json["error"].get("fields", {})


def test_a_name_of_a_form_field_is_told_without_its_nul(world: World) -> None:
    answer = world.ask("POST", "/account/links", data={"em\x00ail": "x"})
    assert answer.status_code == 422
    assert "em\ufffdail" in answer.text
    assert "\x00" not in answer.text


def test_the_checkout_form_shows_what_was_typed_and_what_is_wrong(world: World) -> None:
    page = world.ask("GET", "/checkout/field-notes").text
    form = {
        "csrf_token": re.findall(r'name="csrf_token"[^>]*value="([^"]+)"', page)[0],
        "item": "field-notes",
        "email": f"ada{NUL}@example.com",
        "payment_method": "pm_card_visa",
    }
    answer = world.ask("POST", "/transactions", data=form)
    assert answer.status_code == 422
    assert 'value="adaa\ufffdb@example.com"' in answer.text


def test_a_query_with_a_nul_is_refused_before_it_is_searched_for(world: World) -> None:
    answer = world.ask("GET", "/staff/payments?q=%00")
    assert answer.status_code == 400
    assert "“q”" in answer.text


def test_a_body_over_the_route_s_own_limit_is_refused_unread(world: World) -> None:
    answer = world.ask("POST", "/transactions", data={"item": "x" * 20_000, "email": NUL})
    assert answer.status_code == 413
