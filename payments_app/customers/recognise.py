"""recognise: the customer whom this browser is known to be, because somebody opened a link that was
mailed to their address, and pressed its button. Typing an address makes nobody known, and neither
does opening the link: anybody may lead a browser to an address."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask, current_app, g
from flask import session as cookie
from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.email_addresses import compared
from payments_app.core.extensions import db
from payments_app.core.web import link_requests, one_time_links, visitor_sessions
from payments_app.customers import host_marks
from payments_app.customers.models import Customer

PURPOSE, PATH = visitor_sessions.CUSTOMER, "/account/"
KNOWN_SECONDS = 24 * 3600


@dataclass(frozen=True)
class MailedLink:
    """What a good link says: who may become known, and the path of ours that it leads on to."""

    customer_id: str
    email: str
    to: str


def read_link(session: Session, token: str) -> MailedLink | None:
    """What a link says; None where it is forged, spent, too old, or of an address that is nobody's
    any more. It changes nothing."""
    return _said(session, one_time_links.look(session, PURPOSE, token))


@atomic
def enter(session: Session, token: str) -> MailedLink | None:
    """Spend a link, and make this browser known as its customer; None where it is no good."""
    link = _said(session, one_time_links.spend(session, PURPOSE, token))
    if link is not None:
        visitor_sessions.open_session(session, PURPOSE, link.customer_id, link.email, KNOWN_SECONDS)
    return link


def _said(session: Session, opened: one_time_links.Opened | None) -> MailedLink | None:
    customer = session.get(Customer, opened.subject) if opened else None
    if opened is None or customer is None or customer.email != opened.address:
        return None
    return MailedLink(customer.id, customer.email, link_requests.read(opened.to, "/account"))


def this_browser() -> str | None:
    """The name that the checkout gave to this browser, and wrote on its payments; None before
    its first."""
    _leave_where_signed_out()
    _leave_where_the_host_s_customer_left()
    return cookie.get("buyer")


def name_before() -> str | None:
    """What it was called until it was signed out from elsewhere. Payments of that name that are
    under way are its own still: their bank may ask. What they end in it is not shown."""
    return cookie.get("was")


def _leave_where_signed_out() -> None:
    """A browser that was signed out from elsewhere, and each copy of its cookie, has another name
    from its next look on."""
    if visitor_sessions.was_ended_elsewhere(PURPOSE):
        cookie.pop(PURPOSE)
        before = cookie.get("buyer")
        another_name()
        cookie["was"] = before


def _leave_where_the_host_s_customer_left() -> None:
    """Who signed out at the host, or signed in there as somebody else, is signed out here too."""
    if not host_marks.changed(vouched_email()):
        return
    visitor_sessions.sign_out(PURPOSE)
    if before := cookie.get("buyer"):
        host_marks.leave_payments(before)
        another_name()
        cookie.pop("last", None)
        if vouched_email() is None:
            cookie["was"] = host_marks.name_under_way(before)


def name_left() -> str | None:
    """What it was called before its name of now: only to know again the keys that it used."""
    return cookie.get("left")


def another_name() -> str:
    """A new name for this browser, which no copy of its cookie has. What it sends again of before
    has expired, a form by its token and JSON by its key: that was the old name's, and would make a
    second payment."""
    cookie.pop("csrf_token", None)
    if before := cookie.get("buyer"):
        cookie["left"] = before
    cookie["buyer"] = name = secrets.token_urlsafe(24)
    return name


def recognised() -> str | None:
    """The id of the customer whom this browser is known to be."""
    _leave_where_the_host_s_customer_left()
    if email := vouched_email():
        return db.session.scalar(select(Customer.id).where(Customer.email == compared(email)))
    known = visitor_sessions.of_this_browser(PURPOSE)
    if known is None:
        _leave_where_signed_out()
    customer = db.session.get(Customer, known.subject) if known else None
    if known is None or customer is None or customer.email != known.address:
        return None
    return customer.id


def vouch_with(app: Flask, customer_of: Callable[[], str | None]) -> None:
    """Believe another application, which we are part of, whose browser this is: it gives the
    address that whoever is signed in there has proved."""
    app.extensions["customer_of"] = customer_of


def vouched_email() -> str | None:
    """The address that our host vouches for; asked once for each request."""
    customer_of: Callable[[], str | None] | None = current_app.extensions.get("customer_of")
    if customer_of is None:
        return None
    if "vouched_email" not in g:
        g.vouched_email = customer_of()
    email: str | None = g.vouched_email
    return email
