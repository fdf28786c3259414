"""sign_in: a merchant's browser is known because somebody opened a link that was mailed to their
address, and pressed its button. Opening it makes nobody known.

There is no password. The link works once. The cookie names the merchant and the address that the
link went to: once the merchant has another address, neither is good any more.
"""

from __future__ import annotations

import time

from flask import session as cookie
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from payments_app.core import history
from payments_app.core.db.session import atomic
from payments_app.core.jobs.command import Claim
from payments_app.core.web import link_requests, one_time_links
from payments_app.merchants.models import Merchant
from payments_app.notices import mail_links, mails

MAIL_LINK = "portal.mail_link"
PORTAL_LINK = "portal_link"
KNOWN_SECONDS = 8 * 3600
PURPOSE, PATH, HOME = "merchant", "/portal/links/", "/portal/payments"


def ask_for_link(email: str) -> None:
    """Stage the mail, once a minute at most, whosever address it is: the job looks."""
    link_requests.ask(MAIL_LINK, email, HOME)


@atomic
def write_link(session: Session, request_id: str, _claim: Claim) -> None:
    """The command of somebody who asked: a mail for each merchant whose address it is."""
    asked = link_requests.take(session, request_id)
    if asked is None:
        return
    named = func.lower(Merchant.email) == asked.address
    for merchant in session.scalars(select(Merchant).where(named).order_by(Merchant.id)):
        mails.write(
            session,
            PORTAL_LINK,
            f"{request_id}_{merchant.id}",
            merchant.email,
            f"Your sign-in link: {merchant.name}",
            link=mail_links.signs_in(PATH, PURPOSE, merchant.id, HOME),
            name=merchant.name,
            minutes=one_time_links.minutes(),
        )


def merchant_of_link(session: Session, token: str) -> Merchant | None:
    """Whom a link is for; None where it is forged, spent or too old. It changes nothing."""
    return _of(session, one_time_links.look(session, PURPOSE, token))


@atomic
def open_link(session: Session, token: str) -> bool:
    """Spend a link, and make this browser known as its merchant; False where it is no good."""
    merchant = _of(session, one_time_links.spend(session, PURPOSE, token))
    if merchant is None:
        return False
    until = int(time.time()) + KNOWN_SECONDS
    cookie.permanent = True
    cookie["merchant"] = {"merchant": merchant.id, "email": merchant.email, "until": until}
    history.record(session, "system", "merchant.signed_in", actor=merchant.id, subject=merchant.id)
    return True


def signed_in_merchant(session: Session) -> Merchant | None:
    """The merchant whom this browser is known to be."""
    known = cookie.get("merchant")
    if not known or known["until"] < time.time():
        return None
    return _named(session, known)


def forget() -> None:
    """Make the browser nobody's."""
    cookie.pop("merchant", None)


def _of(session: Session, opened: one_time_links.Opened | None) -> Merchant | None:
    if opened is None:
        return None
    return _named(session, {"merchant": opened.subject, "email": opened.address})


def _named(session: Session, content: dict[str, str]) -> Merchant | None:
    return session.scalar(
        select(Merchant).where(
            Merchant.id == content["merchant"], Merchant.email == content["email"]
        )
    )
