"""refresh_account: read a connected account at Stripe again, and keep what it may do."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core import alerts, history
from payments_app.core.db.clock import database_now
from payments_app.core.db.columns import as_object
from payments_app.core.db.session import atomic
from payments_app.core.jobs import outbox
from payments_app.core.jobs.command import Claim, Later
from payments_app.gateway import connect
from payments_app.gateway.account_state import account_state, is_of_v2
from payments_app.gateway.ids import clean_id
from payments_app.gateway.results import Answer, Verdict
from payments_app.gateway.words import alert_unknown_word
from payments_app.merchants.accounts import DISCONNECTED, state_of
from payments_app.merchants.models import ConnectedAccount, Merchant

REFRESH = "merchants.refresh_account"
RETRY_SECONDS = 30.0
EVERY_SECONDS = 10
DENIED = "Connected account permission denied"
CLOSED = "Stripe closed the account"


def refresh_account(stripe_account_id: str, _claim: Claim) -> None:
    """Keep what Stripe says of an account of ours now. One that our key no longer reaches, or
    that is closed, has left the platform.

    Raises Later while Stripe can't be asked. What it refuses for good is told to a person.
    """
    answer = connect.retrieve_account(stripe_account_id, by_v2=_is_read_by_v2(stripe_account_id))
    if answer.body is not None:
        _keep(stripe_account_id, answer.body)
    elif answer.verdict == Verdict.MISCONFIGURED and answer.error_code == "account_invalid":
        _leave(stripe_account_id)
    elif answer.verdict == Verdict.INVALID:
        _tell_of_refusal(stripe_account_id, answer)
    else:
        raise Later(max(RETRY_SECONDS, answer.retry_after or 0), f"account: {answer.error_code}")


def stage_refresh(session: Session, stripe_account_id: str) -> None:
    """Have an account read again, twice in EVERY_SECONDS at most."""
    outbox.stage_every(session, EVERY_SECONDS, REFRESH, stripe_account_id)


def take(session: Session, account: ConnectedAccount, body: dict[str, Any]) -> None:
    """Keep what `body` says of a locked account, with history where its state changed."""
    before, said = state_of(account), account_state(body)
    account.stripe_data = body
    account.details_submitted = said.details_submitted
    account.requirements = said.requirements
    for name in ("charges_enabled", "transfers_enabled", "payouts_enabled"):
        decided = getattr(said, name)
        if decided is not None:
            setattr(account, name, decided)
    for status in said.unknown:
        alert_unknown_word(session, account.merchant_id, "capability's status", status)
    account.deauthorized_at = None
    account.refreshed_at = database_now()
    session.flush()
    session.refresh(account)
    _tell(session, account, before)


@atomic
def _is_read_by_v2(session: Session, stripe_account_id: str) -> bool:
    """An account is read by the API that told of it last; one that is not known here, by the one
    that makes them."""
    account = session.scalar(
        select(ConnectedAccount).where(ConnectedAccount.stripe_account_id == stripe_account_id)
    )
    return is_of_v2(account.stripe_data) if account is not None else connect.makes_by_v2()


@atomic
def _keep(session: Session, stripe_account_id: str, body: dict[str, Any]) -> None:
    account = _lock(session, stripe_account_id) or _adopt(session, body)
    if account is None:
        return
    if account_state(body).closed:
        _left(session, account, CLOSED)
    else:
        take(session, account, body)


def _adopt(session: Session, body: dict[str, Any]) -> ConnectedAccount | None:
    """The merchant whom an account was made for, where the answer that made it is not here yet."""
    merchant_id = clean_id(as_object(body.get("metadata")).get("merchant_id"))
    if merchant_id is None:
        return None
    account = session.scalar(
        select(ConnectedAccount)
        .where(
            ConnectedAccount.merchant_id == merchant_id,
            ConnectedAccount.stripe_account_id.is_(None),
        )
        .with_for_update()
    )
    if account is not None:
        account.stripe_account_id = str(body["id"])
        account.error_message = None
    return account


@atomic
def _leave(session: Session, stripe_account_id: str) -> None:
    account = _lock(session, stripe_account_id)
    if account is not None:
        _left(session, account, DENIED)


def _left(session: Session, account: ConnectedAccount, why: str) -> None:
    if account.deauthorized_at is not None:
        return
    before = state_of(account)
    account.deauthorized_at = account.refreshed_at = database_now()
    account.charges_enabled = account.transfers_enabled = account.payouts_enabled = False
    session.flush()
    session.refresh(account)
    _tell(session, account, before)
    name = session.get_one(Merchant, account.merchant_id).name
    alerts.raise_alert(
        session,
        "merchant_left",
        f"merchant_left:{account.stripe_account_id}",
        f"{name} ({account.stripe_account_id}): {why}",
    )


@atomic
def _tell_of_refusal(session: Session, stripe_account_id: str, answer: Answer) -> None:
    alerts.raise_alert(
        session,
        "account_unreadable",
        f"account_unreadable:{stripe_account_id}",
        f"Stripe does not let us read {stripe_account_id}, and nothing was changed: {answer.words}",
    )


def _lock(session: Session, stripe_account_id: str) -> ConnectedAccount | None:
    return session.scalar(
        select(ConnectedAccount)
        .where(ConnectedAccount.stripe_account_id == stripe_account_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def _tell(session: Session, account: ConnectedAccount, before: str) -> None:
    now = state_of(account)
    if now == before:
        return
    history.record(
        session,
        "stripe",
        "merchant.left" if now == DISCONNECTED else f"merchant.{now}",
        actor="stripe",
        subject=account.merchant_id,
        **{"from": before},
        requirements=account.requirements,
    )
