"""sign_in: a merchant's browser is known because somebody opened a link that was mailed to their
address, and pressed its button. Opening it makes nobody known.

There is no password. The link works once. Link and session name the address that the link went to:
once the merchant has another address, neither is good any more.
"""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from payments_app.core import history
from payments_app.core.db.session import atomic
from payments_app.core.jobs.command import Claim
from payments_app.core.web import link_requests, one_time_links, visitor_sessions
from payments_app.merchants.models import Merchant
from payments_app.notices import mail_links, mails

MAIL_LINK = "portal.mail_link"
PORTAL_LINK = "portal_link"
KNOWN_SECONDS = 8 * 3600
PURPOSE, PATH, HOME = visitor_sessions.MERCHANT, "/portal/links/", "/portal/payments"


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
    visitor_sessions.open_session(session, PURPOSE, merchant.id, merchant.email, KNOWN_SECONDS)
    history.record(session, "system", "merchant.signed_in", actor=merchant.id, subject=merchant.id)
    return True


def signed_in_merchant(session: Session) -> Merchant | None:
    """The merchant whom this browser is known to be."""
    return _of(session, visitor_sessions.of_this_browser(PURPOSE))


def _of(
    session: Session, known: one_time_links.Opened | visitor_sessions.VisitorSession | None
) -> Merchant | None:
    if known is None:
        return None
    named = Merchant.id == known.subject, Merchant.email == known.address
    return session.scalar(select(Merchant).where(*named))
