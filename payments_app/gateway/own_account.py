"""Our account at Stripe: the database remembers whose ids it holds, and its mode.

With keys of another account every customer, card and payment would look gone. So no process that
talks to Stripe starts with others than the first. The sweeper does not: it tells people of that.
"""

from __future__ import annotations

import logging
from typing import NoReturn

from flask import current_app
from sqlalchemy.orm import Mapped, Session, mapped_column

from payments_app.core import alerts
from payments_app.core.db.columns import Key
from payments_app.core.db.session import atomic, insert_once
from payments_app.core.extensions import Base
from payments_app.core.history import SYSTEM
from payments_app.gateway.client import client
from payments_app.gateway.exchange import object_call

log = logging.getLogger(__name__)

_ROW = 1


class StripeAccount(Base):
    """The account and mode of all ids of Stripe's in this database: one row."""

    __tablename__ = "pay_stripe_account"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    account: Mapped[str] = mapped_column(Key(255))
    livemode: Mapped[bool]


class OtherAccountError(RuntimeError):
    """The keys are of another account or mode than the database."""


def check_mode() -> None:
    """Raises OtherAccountError, with an alert, where the key is of the other mode. Asks nobody."""
    live = current_app.config["CONFIG"].live
    known = _known(None, live)
    if known is not None and known[1] != live:
        mode, other = ("live", "test") if known[1] else ("test", "live")
        _refuse(f"This database is of Stripe's {mode} mode, and STRIPE_SECRET_KEY of {other} mode")


def check_account() -> None:
    """Remember the account at the first start; raises OtherAccountError where the key is of
    another one, or of the other mode. While Stripe does not say whose key it is, nobody is
    stopped."""
    check_mode()
    answer = object_call("own_account", "account", lambda: client().v1.accounts.retrieve_current())
    if answer.body is None:
        log.warning("whose STRIPE_SECRET_KEY is was not checked: %s", answer.words)
        return
    account = str(answer.body["id"])
    known = _known(account, current_app.config["CONFIG"].live)
    if known is not None and known[0] != account:
        _refuse(
            f"This database is of Stripe's account {known[0]}, and STRIPE_SECRET_KEY of {account}"
        )
    _is_ours()


def remembered() -> tuple[str, bool] | None:
    """The account whose ids this database holds, and whether they are live; None until the first
    start."""
    return _known(None, current_app.config["CONFIG"].live)


def _refuse(words: str) -> NoReturn:
    _tell(words)
    raise OtherAccountError(words)


@atomic
def _tell(session: Session, words: str) -> None:
    alerts.raise_alert(
        session,
        "other_stripe_account",
        "stripe:other_account",
        f"{words}: nothing that talks to Stripe starts",
        severity="critical",
    )


@atomic
def _is_ours(session: Session) -> None:
    alerts.acknowledge(session, "stripe:other_account", SYSTEM)


@atomic
def _known(session: Session, account: str | None, live: bool) -> tuple[str, bool] | None:
    """What is remembered; from now on `account` where that is nothing."""
    if account is not None:
        insert_once(session, StripeAccount, id=_ROW, account=account, livemode=live)
    row = session.get(StripeAccount, _ROW, populate_existing=True)
    return (row.account, row.livemode) if row is not None else None
