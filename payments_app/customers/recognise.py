"""recognise: the customer whom this browser is known to be, because somebody opened a link that was
mailed to their address, and pressed its button. Typing an address makes nobody known, and neither
does opening the link: anybody may lead a browser to an address."""

from __future__ import annotations

import time
from dataclasses import dataclass

from flask import session as cookie
from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.web import links, one_time_links
from payments_app.core.web.link_requests import our_path
from payments_app.customers.models import Customer

PURPOSE, PATH = "customer", "/account/"
KNOWN_SECONDS = 24 * 3600


@dataclass(frozen=True)
class MailedLink:
    """What a good link says: who may become known, and the path of ours that it leads on to."""

    customer_id: str
    email: str
    to: str


@atomic
def link_for(session: Session, customer_id: str, to: str) -> str:
    """An absolute address whose button makes a browser known as the customer for a day, once, and
    leads on to the path `to`."""
    email = session.get_one(Customer, customer_id).email
    return links.absolute(PATH + one_time_links.make(session, PURPOSE, customer_id, email, to))


def read_link(session: Session, token: str) -> MailedLink | None:
    """What a link says; None where it is forged, spent, too old, or of an address that is nobody's
    any more. It changes nothing."""
    return _said(session, one_time_links.look(session, PURPOSE, token))


@atomic
def spend_link(session: Session, token: str) -> MailedLink | None:
    """The same, once."""
    return _said(session, one_time_links.spend(session, PURPOSE, token))


def _said(session: Session, opened: one_time_links.Opened | None) -> MailedLink | None:
    customer = session.get(Customer, opened.subject) if opened else None
    if opened is None or customer is None or customer.email != opened.address:
        return None
    return MailedLink(customer.id, customer.email, our_path(opened.to, "/account"))


def remember(customer_id: str) -> None:
    """Make this browser known as the customer."""
    cookie.permanent = True
    cookie["customer"] = {"id": customer_id, "until": int(time.time()) + KNOWN_SECONDS}


def this_browser() -> str | None:
    """The name that the checkout gave to this browser, and wrote on its payments; None before
    its first."""
    return cookie.get("buyer")


def recognised() -> str | None:
    """The id of the customer whom this browser is known to be."""
    known = cookie.get("customer")
    if not known or known["until"] < time.time():
        return None
    return str(known["id"])


def forget() -> None:
    """Make the browser nobody's."""
    cookie.pop("customer", None)
