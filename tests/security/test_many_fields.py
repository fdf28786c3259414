"""A form of 100,000 fields is refused before it is taken apart, and a long text is not read to its
end."""

from __future__ import annotations

import time

import pytest
from flask import Flask, request
from flask.testing import FlaskClient

from payments_app.core.web.incoming import MOST_FIELDS
from tests.accounts.staff_driver import Browser
from tests.route_walk import address

pytestmark = pytest.mark.portable
FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize("path", ["/account/links", "/staff/login"])
def test_many_fields_are_refused_at_once(client: FlaskClient, path: str) -> None:
    body = b"&".join([b"a"] * 120_000)
    assert client.post(path, data=body, content_type=FORM).status_code == 413


def test_the_checkout_takes_no_such_form(client: FlaskClient) -> None:
    body = b"&".join([b"a"] * (MOST_FIELDS + 1))
    assert client.post("/transactions", data=body, content_type=FORM).status_code == 413


def test_many_parts_are_refused_as_well(client: FlaskClient) -> None:
    many = {f"field{number}": "" for number in range(MOST_FIELDS + 1)}
    answer = client.post("/account/links", data=many, content_type="multipart/form-data")
    assert answer.status_code == 413


@pytest.mark.parametrize("path", ["/account/links", "/staff/login", "/cart/items", "/transactions"])
@pytest.mark.parametrize("names", [b"", b'; filename="a"', b"; a=b"])
def test_a_part_without_a_name_is_no_fault_of_ours(
    client: FlaskClient, path: str, names: bytes
) -> None:
    """Of whoever sends it, without a session."""
    part = b"--x\r\nContent-Disposition: form-data" + names + b"\r\n\r\n1\r\n--x--\r\n"
    answer = client.post(path, data=part, content_type="multipart/form-data; boundary=x")
    assert answer.status_code == 400


def test_what_has_a_name_beside_it_is_read(app: Flask) -> None:
    parts = b"".join(
        b"--x\r\nContent-Disposition: form-data" + named + b"\r\n\r\nada@example.com\r\n"
        for named in (b"", b'; name="email"')
    )
    with app.test_request_context(
        "/account/links",
        method="POST",
        data=parts + b"--x--\r\n",
        content_type="multipart/form-data; boundary=x",
    ):
        assert dict(request.form) == {"email": "ada@example.com"}


def test_as_many_as_a_page_may_have_are_read(client: FlaskClient) -> None:
    body = b"&".join([b"a"] * MOST_FIELDS)
    assert client.post("/account/links", data=body, content_type=FORM).status_code == 400


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"a=" + b"%ff" * 1_000_000, FORM),
        (
            b"--x\r\nContent-Disposition: form-data; " + b"a=b; " * 600_000,
            "multipart/form-data; boundary=x",
        ),
    ],
    ids=["form", "multipart"],
)
def test_where_much_may_be_sent_nothing_is_read_of_a_stranger(
    app: Flask, client: FlaskClient, body: bytes, content_type: str
) -> None:
    """A route takes more than others of members of staff alone: first, who sends it."""
    tried = 0
    for rule in app.url_map.iter_rules():
        if not hasattr(app.view_functions[rule.endpoint], "__most_bytes__"):
            continue
        began = time.thread_time()
        answer = client.post(address(app, rule, {}), data=body, content_type=content_type)
        assert answer.status_code == 401
        assert time.thread_time() - began < 0.2
        tried += 1
    assert tried == 2


def test_an_address_of_100_000_digits_costs_no_more_than_a_short_one(client: FlaskClient) -> None:
    """To look for a card's number in all of it took three seconds, of anybody's sign-in."""
    browser = Browser(client)
    began = time.thread_time()
    answer = browser.sign_in("1 " * 100_000, "x")
    assert (answer.status_code, time.thread_time() - began < 1) == (422, True)


def test_nor_does_a_card_s_id(client: FlaskClient) -> None:
    purchase = {"item": "field-notes", "email": "ada@example.com", "payment_method": "1 " * 8000}
    began = time.thread_time()
    answer = client.post("/transactions", json=purchase, headers={"Idempotency-Key": "k1"})
    assert (answer.status_code, time.thread_time() - began < 0.2) == (422, True)
