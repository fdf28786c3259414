"""What is known of a customer is told to them, and nothing of anybody else's."""

from __future__ import annotations

import json

import pytest
from flask.testing import FlaskCliRunner

from tests.keeping.shop import ADA, BOB, live
from tests.payments.driver import PaymentDriver

pytestmark = [pytest.mark.portable, pytest.mark.dialect]


def test_a_customer_is_given_what_is_known_of_them(
    driver: PaymentDriver, cli: FlaskCliRunner
) -> None:
    live(driver, ADA)
    live(driver, BOB)
    done = cli.invoke(args=["customers", "export", ADA])
    known = json.loads(done.output)
    assert [each["email"] for each in known["customers"]] == [ADA]
    assert {each["state"] for each in known["transactions"]} == {"complete", "failed"}
    assert [each["last4"] for each in known["saved_cards"]] == ["4242"]
    assert [each["reason"] for each in known["refunds"]] == [f"{ADA} called"]
    assert {each["recipient"] for each in known["mails"]} == {ADA}
    assert len(known["visitor_sessions"]) == 1
    assert BOB not in done.output


def test_no_secret_is_told(driver: PaymentDriver, cli: FlaskCliRunner) -> None:
    live(driver, ADA)
    told = cli.invoke(args=["customers", "export", ADA]).output
    assert "token_hash" not in told
    assert "pi_" in told
    assert "_secret_" not in told
