"""The database remembers whose ids it holds: no process starts with keys of others."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from parts.app import REPOSITORY
from payments_app.core.alerts import Alert
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.gateway import client
from payments_app.gateway.own_account import (
    OtherAccountError,
    StripeAccount,
    check_account,
    check_mode,
)
from tests.payments.driver import PaymentDriver

pytestmark = [pytest.mark.portable, pytest.mark.usefixtures("app_context")]

OTHER = "sk_test_of_another_account"


WORKER = ("worker.py", "charges")
WEB = ("-m", "gunicorn", "wsgi:app", "--bind", "127.0.0.1:0")


def start(settings: dict[str, str], *process: str) -> subprocess.CompletedProcess[str]:
    """A process that is expected to end by itself."""
    return subprocess.run(
        [sys.executable, *process],
        env=os.environ | settings,
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )


@atomic
def _remember_live(session: Session) -> None:
    session.add(StripeAccount(id=1, account="acct_live", livemode=True))


def alerts() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(select(Alert.kind)))


def test_the_first_account_is_remembered(app: Flask) -> None:
    check_account()
    check_account()
    assert alerts() == []


def test_a_key_of_another_account_is_refused(app: Flask) -> None:
    check_account()
    client.connect(app, replace(app.config["CONFIG"], stripe_secret_key=OTHER))
    with pytest.raises(OtherAccountError, match=r"is of Stripe's account acct_\w+, and"):
        check_account()
    assert alerts() == ["other_stripe_account"]


def test_a_key_of_the_other_mode_is_refused_without_asking_stripe(app: Flask) -> None:
    check_account()
    config = app.config["CONFIG"]
    app.config["CONFIG"] = replace(config, stripe_secret_key="sk_live_of_ours")
    with pytest.raises(OtherAccountError, match="test mode, and STRIPE_SECRET_KEY of live mode"):
        check_mode()


@pytest.mark.parametrize("fault", ["drop_before", "forbidden", "500_before"])
def test_who_can_not_be_asked_stops_nobody(app: Flask, fault: str) -> None:
    PaymentDriver(app).fail_stripe(fault, "/v1/account$")
    check_account()
    assert alerts() == []


def test_a_worker_with_a_key_of_another_account_does_not_start(
    app: Flask, settings: dict[str, str]
) -> None:
    check_account()
    done = start(settings | {"STRIPE_SECRET_KEY": OTHER}, *WORKER)
    assert done.returncode != 0
    assert "OtherAccountError: This database is of Stripe's account" in done.stderr


@pytest.mark.parametrize("process", [WORKER, WEB])
def test_no_process_starts_with_a_key_of_the_other_mode(
    app: Flask, settings: dict[str, str], process: tuple[str, ...]
) -> None:
    _remember_live()
    done = start(settings, *process)
    assert done.returncode != 0
    assert "This database is of Stripe's live mode" in done.stderr
