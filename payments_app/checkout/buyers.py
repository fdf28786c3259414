"""The buyer's browser: a random name in the signed session cookie, and nothing personal."""

from __future__ import annotations

import hmac
import secrets

from flask import session

from payments_app.checkout.status_row import StatusRow
from payments_app.core import language
from payments_app.core.db.clock import known_zone
from payments_app.core.language import Reader
from payments_app.customers.host_marks import name_under_way
from payments_app.customers.recognise import name_before, this_browser
from payments_app.payments.models import Transaction
from payments_app.payments.phases import State


def browser() -> str:
    """This browser's name, given at first sight."""
    this_browser()  # which may have left the name it had
    session.permanent = True
    name: str = session.setdefault("buyer", secrets.token_urlsafe(24))
    return name


def known_browser() -> str | None:
    """This browser's name, if it has one."""
    return this_browser()


def reader(zone: str) -> Reader:
    """Who reads this page: in which language, and in the zone that their browser names."""
    return Reader(language.current(), zone if known_zone(zone) else None)


def is_mine(transaction: Transaction | StatusRow) -> bool:
    """Whether this browser made the transaction."""
    its, names = transaction.buyer or "", [known_browser()]
    if transaction.state == State.PENDING and (before := name_before()):
        names.append(before)
        if its and before == name_under_way(its):  # this request left the name that was read
            return True
    return bool(its) and any(hmac.compare_digest((n or "").encode(), its.encode()) for n in names)


def remember(transaction: Transaction) -> None:
    """Keep the id of this browser's last transaction, for /thankyou without an id."""
    session["last"] = transaction.id


def last_transaction_id() -> str | None:
    """Of this browser."""
    known_browser()  # which may have left what it remembers
    return session.get("last")
