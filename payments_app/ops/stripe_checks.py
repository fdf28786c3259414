"""What is looked at of our account at Stripe, a line each: keys, account, version, Connect, clock,
currencies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.config import Config
from payments_app.core.db.session import atomic
from payments_app.core.money import CURRENCIES, code_of
from payments_app.gateway import look, own_account
from payments_app.gateway.client import API_VERSION
from payments_app.gateway.look import OwnAccount
from payments_app.gateway.results import Answer, UnreadableError
from payments_app.merchants.models import ConnectedAccount

CLOCK_SECONDS = 60  # a signature may be five minutes old, and the way here is part of that
_NOT_KNOWN = "not known, since Stripe did not answer for the account"


@dataclass(frozen=True)
class Check:
    """One line: what was looked at, whether it is right, and what was seen."""

    name: str
    ok: bool
    words: str


def account_checks(now: float, *, write: bool = False) -> Iterator[Check]:
    """All but destinations and domains. `now` in seconds since the epoch, by our clock; with
    `write` an intent is made where the publishable key can't be tried otherwise."""
    own = look.read_own_account()
    yield _secret_key(own.answer)
    yield _publishable_key(own.answer, write=write)
    yield _account(own.answer)
    yield _version(own)
    yield _connect()
    yield _clock(own, now)
    yield _currencies(own.answer)


def has_merchants() -> bool:
    """Whether a merchant has an account at Stripe that is connected to ours."""
    return bool(connected_accounts())


@atomic
def connected_accounts(session: Session) -> dict[str, str]:
    """Charge types of the accounts that are connected to ours, by their ids at Stripe."""
    rows = session.execute(
        select(ConnectedAccount.stripe_account_id, ConnectedAccount.charge_type).where(
            ConnectedAccount.stripe_account_id.is_not(None),
            ConnectedAccount.deauthorized_at.is_(None),
        )
    )
    return {str(account): charge_type for account, charge_type in rows}


def refused(answer: Answer) -> str:
    """Why there is no answer, in words."""
    if answer.error_type == "api_connection":
        return "Stripe can't be reached from here"
    if answer.http_status == 401:
        return "Stripe does not know this key"
    if answer.http_status == 403:
        return "Stripe does not let this key do that"
    return f"Stripe said: {answer.words}"


def unread(error: UnreadableError) -> str:
    """The same of a list."""
    return refused(Answer("list", error.verdict, error=error.error))


def _config() -> Config:
    config: Config = current_app.config["CONFIG"]
    return config


def _secret_key(answer: Answer) -> Check:
    name = "secret key"
    if answer.body is None:
        return Check(name, False, refused(answer))
    account, live = str(answer.body["id"]), _config().live
    mode = "live" if live else "test"
    known = own_account.remembered()
    if known is not None and known != (account, live):
        other = f"account {known[0]} in {'live' if known[1] else 'test'} mode"
        words = f"of account {account} in {mode} mode, but this database is of {other}"
        return Check(name, False, words)
    return Check(name, True, f"of account {account} in {mode} mode")


def _publishable_key(account: Answer, *, write: bool) -> Check:
    """An intent of our account is read with it, as a buyer's browser does."""
    name = "publishable key"
    if account.body is None:
        return Check(name, False, _NOT_KNOWN)
    newest = look.read_newest_intent().body
    if newest is None and write:
        newest = look.make_intent(str(account.body.get("default_currency") or "usd")).body
    answer = look.read_with_key(newest, _config().stripe_publishable_key)
    if answer.body is not None:
        return Check(name, True, "of the same account")
    if not (answer.http_status == 404 or answer.error_code == "resource_missing"):
        return Check(name, False, refused(answer))
    if newest is None:
        words = "Stripe knows it; whose it is shows with the first payment (or --write)"
        return Check(name, True, words)
    words = "of another account: with it no payment of this one is found, so no buyer can pay"
    return Check(name, False, words)


def _account(answer: Answer) -> Check:
    name = "account"
    if answer.body is None:
        return Check(name, False, _NOT_KNOWN)
    if answer.body.get("charges_enabled") is True:
        paid = answer.body.get("payouts_enabled") is True
        return Check(name, True, "may charge" + ("" if paid else "; pays nothing out yet"))
    reason = (answer.body.get("requirements") or {}).get("disabled_reason")
    why = f" ({reason})" if reason else ""
    return Check(name, False, f"may not charge{why}: finish its activation in Stripe's dashboard")


def _version(own: OwnAccount) -> Check:
    name = "API version"
    if own.answer.body is None:
        invalid = own.answer.http_status == 400
        return Check(name, False, refused(own.answer) if invalid else _NOT_KNOWN)
    if own.version != API_VERSION:
        return Check(name, False, f"{API_VERSION} was asked for, and {own.version} answered")
    return Check(name, True, API_VERSION)


def _connect() -> Check:
    """Whether a platform's profile is complete no call tells: it shows where one is made."""
    name, sells = "Connect", has_merchants()
    answers = {version: look.list_accounts_by(version) for version in ("v1", "v2")}
    said = ", ".join(
        f"accounts {version} {'answer' if answer.body is not None else f'do not ({answer.words})'}"
        for version, answer in answers.items()
    )
    chosen = _config().stripe_accounts_api
    if answers[chosen].body is not None:
        return Check(name, True, said if sells else f"{said}; no merchant sells yet")
    return Check(name, not sells, f"{said}: merchants' accounts are made by {chosen}")


def _clock(own: OwnAccount, now: float) -> Check:
    name = "clock"
    if own.time is None:
        return Check(name, False, _NOT_KNOWN)
    apart = round(now - own.time)
    if abs(apart) > CLOCK_SECONDS:
        side = "ahead of" if apart > 0 else "behind"
        words = f"{abs(apart)} s {side} Stripe's: events are refused from 300 s on"
        return Check(name, False, words)
    return Check(name, True, f"within {CLOCK_SECONDS} s of Stripe's")


def _currencies(account: Answer) -> Check:
    name = "settlement"
    if account.body is None:
        return Check(name, False, _NOT_KNOWN)
    balance = look.read_balance()
    if balance.body is None:
        return Check(name, False, refused(balance))
    held = [each for part in ("available", "pending") for each in balance.body.get(part) or ()]
    codes = {code_of(each.get("currency")) for each in held}
    codes.add(code_of(account.body.get("default_currency")))
    named = sorted(code for code in codes if code)
    if strange := [code for code in named if code not in CURRENCIES]:
        words = f"in {', '.join(strange)}, whose decimals we do not know: the books would be wrong"
        return Check(name, False, words)
    return Check(name, True, f"in {', '.join(named)}")
