"""What browsers report of a page's policy is counted, and nothing of it is believed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from payments_app.core.extensions import db
from payments_app.ops import policy_reports
from payments_app.ops.clean_up import clean_up
from payments_app.ops.policy_reports import MAX_BYTES, PolicyReport

pytestmark = [pytest.mark.portable, pytest.mark.dialect, pytest.mark.usefixtures("app_context")]
PATH = "/policy-reports"
TOKEN = "somebodys-own-link-of-many-characters"


def report(**said: Any) -> bytes:
    """As `report-uri` sends it."""
    whole = {
        "document-uri": f"https://pay.example.com/transactions/{TOKEN}?token={TOKEN}",
        "violated-directive": "script-src-elem",
        "blocked-uri": f"https://evil.example/x.js?{TOKEN}",
    } | {name.replace("_", "-"): value for name, value in said.items()}
    return json.dumps({"csp-report": whole}).encode()


def send(client: FlaskClient, body: bytes, kind: str = "application/csp-report") -> int:
    return client.post(PATH, data=body, content_type=kind).status_code


def rows() -> list[tuple[str, str, str, int]]:
    db.session.rollback()
    found = db.session.scalars(select(PolicyReport).order_by(PolicyReport.directive))
    return [(one.directive, one.page, one.blocked, one.count) for one in found]


def test_each_page_says_where_to_report(client: FlaskClient) -> None:
    headers = client.get("/").headers
    assert headers["Content-Security-Policy"].endswith(f"; report-uri {PATH}; report-to policy")
    assert headers["Reporting-Endpoints"] == f'policy="{PATH}"'


def test_equal_reports_are_one_row_with_the_route_and_no_token(client: FlaskClient) -> None:
    assert [send(client, report()) for _ in range(3)] == [204] * 3
    assert rows() == [("script-src", "/transactions/<transaction_id>", "https://evil.example", 3)]
    assert 'policy_reports_kept{directive="script-src"} 3.0' in client.get("/metrics").text


def test_a_page_that_names_its_language_is_the_same_page(client: FlaskClient) -> None:
    for page in ("/checkout/tea", "/de/checkout/tea"):
        assert send(client, report(document_uri=f"https://pay.example{page}")) == 204
    assert rows() == [("script-src", "/checkout/<item>", "https://evil.example", 2)]


@pytest.mark.parametrize(
    "host", ["4242424242424242.example.com", "4242.4242.4242.4242", "4242-4242-4242-4242.example"]
)
def test_a_host_that_is_a_card_s_number_is_another_one(client: FlaskClient, host: str) -> None:
    assert send(client, report(blocked_uri=f"https://{host}/x.js")) == 204
    assert [blocked for _, _, blocked, _ in rows()] == [policy_reports.OTHER]


def test_the_newer_form_is_read_too(client: FlaskClient) -> None:
    body = {"documentURL": "https://x/", "effectiveDirective": "img-src", "blockedURL": "data"}
    sent = json.dumps([{"type": "csp-violation", "body": body}] * 2).encode()
    assert send(client, sent, "application/reports+json") == 204
    assert rows() == [("img-src", "/", "data", 2)]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[" * 5000,
        b"null",
        b'{"csp-report": "x"}',
        report(violated_directive="<script>alert(1)</script>"),
        report(violated_directive=["script-src"]),
        report(violated_directive="x-src"),
    ],
)
def test_nonsense_is_kept_by_nobody(client: FlaskClient, body: bytes) -> None:
    assert send(client, body) in {204, 413}
    assert rows() == []


def test_what_is_said_of_page_and_origin_is_never_kept_as_it_is_said(client: FlaskClient) -> None:
    odd = "https://<img src=x onerror=alert(1)>\x00/\ud800"
    assert send(client, report(document_uri=odd, blocked_uri=odd)) == 204
    assert send(client, report(document_uri="http://[", blocked_uri="http://[")) == 204
    assert rows() == [("script-src", "other", "other", 2)]


def test_a_long_report_is_refused(client: FlaskClient) -> None:
    assert send(client, b" " * (MAX_BYTES + 1)) == 413


@pytest.mark.parametrize("address", ["192.0.2.1", ""])
def test_one_network_s_reports_are_limited(client: FlaskClient, address: str) -> None:
    """Those of whom nobody says the address, as on a socket without a proxy, are one network."""
    client.environ_base["REMOTE_ADDR"] = address
    answers = [send(client, b"{}") for _ in range(70)]
    assert 30 <= answers.count(204) <= 60  # a window may end meanwhile
    assert set(answers) == {204, 429}


def test_there_are_never_more_rows_than_a_table_should_have(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy_reports, "MOST_ROWS", 3)
    for number in range(6):
        send(client, report(blocked_uri=f"https://{number}.example"))
    assert len(rows()) == 4
    assert ("script-src", "other", "other", 3) in rows()


def test_old_reports_go(app: Flask, client: FlaskClient) -> None:
    send(client, report())
    (row,) = db.session.scalars(select(PolicyReport))
    row.last_at = row.last_at.replace(year=2000)
    db.session.commit()
    clean_up()
    assert rows() == []
