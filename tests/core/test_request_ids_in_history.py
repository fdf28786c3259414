"""Whoever calls names the request (X-Request-ID) where no nginx of ours stands before us, and
history keeps that name for ever: no card's number among it."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from payments_app.core.extensions import db
from payments_app.core.history import HistoryEntry
from payments_app.core.web.prepare import request_id
from tests.api.application import ASKED, Application, new_key
from tests.bystanders import own


@pytest.mark.parametrize(
    "number", ["4242424242424242", "card-4242-4242-4242-4242", "4242_4242_4242_4242"]
)
def test_a_request_s_name_is_no_card_s_number(app: Flask, number: str) -> None:
    application = Application(app, new_key(app))
    headers = application.headers | {"Idempotency-Key": "k1", "X-Request-ID": number}
    answer = application.client.post("/api/v1/payments", json=ASKED, headers=headers)
    assert answer.status_code == 201
    with app.app_context():
        entries = db.session.scalars(select(HistoryEntry).where(own(HistoryEntry)))
        causes = [entry.cause for entry in entries]
    assert {"request": answer.headers["X-Request-ID"]} in causes
    assert number not in str(causes)


@pytest.mark.parametrize("given", ["a" * 15 + "4242424242424242f", "abcd-1234-5678", "0" * 32])
def test_nginx_s_own_name_stays_whatever_its_digits_look_like(given: str) -> None:
    assert request_id(given) == given
