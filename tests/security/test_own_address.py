"""Every absolute address that we give is PUBLIC_URL's, whatever a request says of its host."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from demo.products import add_demo_products
from parts.app import REPOSITORY
from payments_app.accounts import sessions
from payments_app.accounts.models import Staff
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.merchants.find import default_merchant
from payments_app.notices.models import Mail
from payments_app.payments.models import Transaction
from tests.accounts.staff_driver import PASSWORD, StaffDriver
from tests.bystanders import own
from tests.own_worker import work
from tests.staff.stored_payments import StoredPayments

pytestmark = pytest.mark.portable

OURS = "https://pay.example.com"
FORGED = {
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "http",
    "X-Forwarded-Port": "666",
    "X-Forwarded-Prefix": "/evil",
    "Forwarded": "host=evil.example;proto=http",
    "X-Original-Host": "evil.example",
    "X-Host": "evil.example",
}
# Names that are let in; ports and schemes are a client's to choose.
HOSTS = ["pay.example.com:666", "localhost:666", "127.0.0.1:666"]
SOURCES = [
    path
    for directory in ("payments_app", "templates")
    for path in sorted((REPOSITORY / directory).rglob("*.*"))
    if path.suffix in {".py", ".html", ".txt"}
]
_FROM_THE_REQUEST = re.compile(
    r"_external|request\.(host|url|root_url|base_url|script_root|environ)\b|HTTP_HOST|host_url"
    r"|url_root|headers.{0,12}[\"']Host"
)


@pytest.fixture
def settings(settings: dict[str, str]) -> dict[str, str]:
    return settings | {"PROXY_HOPS": "1"}


@pytest.fixture
def public_url() -> str:
    return OURS


@pytest.fixture
def shop(app: Flask) -> Flask:
    with app.app_context():
        add_demo_products()
    app.config["WTF_CSRF_ENABLED"] = False
    return app


@pytest.fixture(params=HOSTS)
def visitor(shop: Flask, request: pytest.FixtureRequest) -> FlaskClient:
    """Reaches us by a name that is let in, and lies about everything else."""
    inner = shop.wsgi_app
    lies = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in FORGED.items()}
    lies |= {"HTTP_HOST": request.param, "SERVER_NAME": "evil.example"}
    shop.wsgi_app = lambda environ, start: inner(environ | lies, start)
    return shop.test_client()


def links_in(text: str) -> list[str]:
    """Absolute addresses that are not of somebody else's documentation."""
    found = re.findall(r"\bhttps?://[^\s\"'<>&]+", text)
    return [link for link in found if "stripe.com" not in link and "w3.org" not in link]


def written(pattern: re.Pattern[str]) -> set[str]:
    """The files of the product in which this is written."""
    return {
        str(path.relative_to(REPOSITORY)) for path in SOURCES if pattern.search(path.read_text())
    }


def test_no_address_is_made_of_what_a_request_says_of_its_host() -> None:
    assert written(_FROM_THE_REQUEST) == {
        "payments_app/core/web/incoming.py",  # refuses other hosts
        "payments_app/checkout/poll.py",  # leaves them to it
        "payments_app/core/web/page_before.py",  # whether somebody came from a page of ours
        "payments_app/embedding.py",  # asks the host's application for a page of ours
        "payments_app/core/web/language_paths.py",  # keeps the language of a path of ours there
        "payments_app/core/logs.py",  # leaves the route's name there, for the server's own log
    }


def test_one_function_alone_makes_addresses_absolute() -> None:
    assert written(re.compile("public_url")) == {
        "payments_app/config.py",  # reads the setting
        "payments_app/core/web/links.py",  # is the function
        "payments_app/core/jobs/heartbeats.py",  # says what a process was built with
        "payments_app/embedding.py",  # asks the host's application for a page of ours
        "payments_app/checkout/poll.py",  # leaves other hosts to Flask
        "payments_app/checkout/turnstile.py",  # for whom a challenge was solved
        "payments_app/core/web/assets_build.py",  # renders without a request
    }


@pytest.mark.parametrize("host", ["a" * 64, f"pay.example.com.{'a' * 5000}", "["])
@pytest.mark.parametrize("path", ["/", "/account/leave", "/healthz", "/nothing"])
def test_a_host_that_is_no_name_is_refused_in_words(app: Flask, host: str, path: str) -> None:
    said = {"HTTP_HOST": host, "HTTP_ACCEPT": "text/html"}
    answer = app.test_client().get(path, environ_overrides=said)
    assert answer.status_code in {200, 400, 421}


def test_a_password_link_is_of_our_own_address(shop: Flask, visitor: FlaskClient) -> None:
    staff_driver = StaffDriver(shop)
    staff_id, other = (
        staff_driver.member("admin@example.com", "admin"),
        staff_driver.member("eve@example.com"),
    )
    visitor.set_cookie("__Host-staff", staff_driver.do(open_session, staff_id))
    assert visitor.post("/staff/confirm", data={"password": PASSWORD}).status_code == 303
    for path, form in (
        ("/staff/members", {"email": "new@example.com", "role": "viewer"}),
        (f"/staff/members/{other}/password-links", {}),
    ):
        (link,) = links_in(visitor.post(path, data=form).text)
        assert link.startswith(f"{OURS}/staff/password/new?token=")


@atomic
def open_session(session: Session, staff_id: str) -> str:
    return sessions.open_session(session, session.get_one(Staff, staff_id))


@atomic
def shop_email(session: Session) -> str:
    return default_merchant(session).email


def test_no_redirect_and_no_page_leads_to_another_host(shop: Flask, visitor: FlaskClient) -> None:
    stored_payments = StoredPayments(shop)
    values = {
        "transaction_id": stored_payments.payment(),
        "item": "field-notes",
        "slug": "field-notes",
    }
    for rule in shop.url_map.iter_rules():
        named = {n: values.get(n, 1) for n in rule.arguments}
        path = shop.url_map.bind("localhost").build(rule.endpoint, named)
        for method in sorted((rule.methods or set()) & {"GET", "POST"}):
            doubled = f"/{path}" if path[1:2] != "." else path  # no host begins with a dot
            for address in (path, doubled, f"{path}/"):
                answer = visitor.open(address, method=method)
                to = answer.headers.get("Location", "/")
                assert re.match(rf"(/(?!/)|{OURS}/)", to), (method, address, to)
                assert "evil.example" not in f"{answer.headers}{answer.text}", (method, address)
                answer.close()


def test_mails_are_of_our_own_address(shop: Flask, visitor: FlaskClient) -> None:
    body = {"item": "field-notes", "email": "ada@example.com"}
    for card in ("pm_card_visa", "pm_card_visa_chargeDeclined"):
        wish, key = body | {"payment_method": card}, {"Idempotency-Key": f"with-{card}"}
        assert visitor.post("/transactions", json=wish, headers=key).status_code == 202
    visitor.post("/account/links", data={"email": "ada@example.com"})
    with shop.app_context():
        for queue in ("charges", "payment_standard", "payment_standard", "mailers"):
            work(queue)
        texts = [
            f"{mail.text} {mail.html}" for mail in db.session.scalars(select(Mail).where(own(Mail)))
        ]
        returns = list(db.session.scalars(select(Transaction.parameters).where(own(Transaction))))
    assert len(texts) >= 2
    found = [link for text in texts for link in links_in(text)]
    assert found
    assert all(link == OURS or link.startswith(f"{OURS}/") for link in found)
    assert all(sent["confirm"]["return_url"].startswith(f"{OURS}/") for sent in returns)


@pytest.mark.parametrize("host", ["evil.example", "pay.example.com.evil.example", "10.0.0.7:80"])
def test_a_request_for_another_host_is_refused(client: FlaskClient, host: str) -> None:
    page = client.get("/", headers={"Host": host, "Accept": "text/html"})
    assert page.status_code == 421
    assert f'href="{OURS}/"' in page.text
    told = client.get("/api/v1/products", headers={"Host": host})
    assert (told.status_code, told.json["error"]["code"]) == (421, "misdirected")


@pytest.mark.parametrize(
    "host", ["pay.example.com", "PAY.example.com.:443", "localhost", "[::1]:80"]
)
def test_our_own_name_and_this_machine_s_are_let_in(client: FlaskClient, host: str) -> None:
    assert client.get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_a_load_balancer_asks_by_address(client: FlaskClient, path: str) -> None:
    for host in ("10.0.0.7:8000", "[2001:db8::1]", "web:8000"):
        assert client.get(path, headers={"Host": host}).status_code == 200


def test_stripe_is_heard_by_whatever_name_it_knows(client: FlaskClient) -> None:
    answer = client.post("/webhooks/stripe", data=b"{}", headers={"Host": "hooks.example"})
    assert answer.json["error"]["code"] == "invalid_signature"
