"""A poll whose connection to the database has died."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import text

from payments_app.core.extensions import db
from tests.checkout.checkout_client import CheckoutClient


def test_a_poll_outlives_the_end_of_its_connection(app: Flask, checkout: CheckoutClient) -> None:
    path = f"/transactions/{checkout.post().json['id']}"
    assert checkout.client.get(path).status_code == 200
    with app.extensions["reading"].connect() as connection:
        pid = connection.scalar(text("SELECT pg_backend_pid()"))
    with app.app_context():
        assert db.session.scalar(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
    assert checkout.client.get(path).status_code == 200
