"""Whose charge goes first: who waits at a screen, and never behind a batch that nobody waits for."""

from __future__ import annotations

import pytest
from flask import Flask

from payments_app.core.jobs import leases
from tests.api.application import Application, new_key
from tests.api.test_customers import kept, stored
from tests.payments.driver import PaymentDriver

THREADS = 10


def claimed(queue: str) -> list[str]:
    return [claim.subject for claim in leases.claim(queue, THREADS)]


def test_an_application_s_batch_of_kept_cards_keeps_no_buyer_waiting(app: Flask) -> None:
    application = Application(app, new_key(app))
    stored(application)
    card = kept(application)
    for number in range(20):
        application.asked(
            customer="ada-7", payment_method=card["payment_method"], amount=500 + number
        )
    with app.app_context():
        buyer = PaymentDriver(app).open()
        first = claimed("charges")
        assert buyer in first
        assert len(first) == 1 + THREADS // 2
