"""sign_in: a merchant's browser is known because somebody opened a link that was mailed to their
address, and pressed its button. Opening it makes nobody known.

There is no password. The cookie names the merchant and the address that the link went to: once the
merchant has another address, neither link nor cookie is good any more.
"""

from __future__ import annotations

import time

from flask import session as cookie
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from payments_app.core import history
from payments_app.core.db.session import atomic
from payments_app.core.email_addresses import compared
from payments_app.core.jobs import outbox
from payments_app.core.jobs.command import Claim
from payments_app.core.web import links
from payments_app.merchants.models import Merchant
from payments_app.notices import mails

MAIL_LINK = "portal.mail_link"
PORTAL_LINK = "portal_link"
LINK_SECONDS = 15 * 60
KNOWN_SECONDS = 8 * 3600
EVERY_SECONDS = 60
_PURPOSE = "merchant"


@atomic
def ask_for_link(session: Session, email: str) -> None:
    """Stage the mail where the address is a merchant's, once a minute at most. Nothing tells the
    asker whether it is."""
    window = int(time.time() // EVERY_SECONDS)
    named = func.lower(Merchant.email) == compared(email)
    for merchant_id in session.scalars(select(Merchant.id).where(named).order_by(Merchant.id)):
        outbox.stage(session, MAIL_LINK, f"{merchant_id}:{window}")


@atomic
def write_link(session: Session, asked: str, _claim: Claim) -> None:
    """The command of somebody who asked; `asked` is `<merchant>:<when>`."""
    merchant = session.get_one(Merchant, asked.partition(":")[0])
    subject = f"Your sign-in link: {merchant.name}"
    mails.write(
        session,
        PORTAL_LINK,
        asked,
        merchant.email,
        subject,
        link=link_for(merchant),
        name=merchant.name,
        minutes=LINK_SECONDS // 60,
    )


def link_for(merchant: Merchant) -> str:
    """An absolute address whose button makes a browser known as the merchant."""
    token = links.sign(_PURPOSE, {"merchant": merchant.id, "email": merchant.email})
    return links.absolute(f"/portal/links/{token}")


def merchant_of_link(session: Session, token: str) -> Merchant | None:
    """Whom a link is for; None where it is forged or too old. It changes nothing."""
    content = links.read(_PURPOSE, token, LINK_SECONDS)
    return _named(session, content) if isinstance(content, dict) else None


@atomic
def open_link(session: Session, token: str) -> bool:
    """Make this browser known as the merchant of a link; False where it is forged or too old."""
    merchant = merchant_of_link(session, token)
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


def _named(session: Session, content: dict[str, str]) -> Merchant | None:
    return session.scalar(
        select(Merchant).where(
            Merchant.id == content["merchant"], Merchant.email == content["email"]
        )
    )
