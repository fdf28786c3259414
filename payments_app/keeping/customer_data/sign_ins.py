"""How a customer came in, and what staff looked for by their address."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote_plus

from sqlalchemy import ColumnElement, and_, or_

from payments_app.core.web import visitor_sessions
from payments_app.core.web.link_requests import LinkRequest
from payments_app.core.web.one_time_links import OneTimeLink
from payments_app.core.web.visitor_sessions import VisitorSession
from payments_app.customers.models import Customer
from payments_app.keeping.customer_data.place import DELETED, Place
from payments_app.staff.payments.saved_filters import SavedFilter


def _names(query: Any, address: str) -> ColumnElement[bool]:
    """Whether a filter's address has this e-mail address for a word, and not inside of another."""
    word = quote_plus(address)
    found = (before + word + after for before in "=+" for after in "&+")
    return or_(*((query + "&").icontains(each, autoescape=True) for each in found))


def sign_ins(customer: Customer) -> tuple[Place, ...]:
    """Sessions, links that were asked for, and filters that name their address."""
    return (
        Place(
            VisitorSession,
            and_(
                VisitorSession.audience == visitor_sessions.CUSTOMER,
                VisitorSession.subject == customer.id,
            ),
            ("address", "browser", "created_at", "seen_at", "ended_at"),
            DELETED,
        ),
        Place(
            OneTimeLink,
            and_(
                OneTimeLink.purpose == visitor_sessions.CUSTOMER,
                OneTimeLink.subject == customer.id,
            ),
            ("address", "created_at", "used_at"),
            DELETED,
        ),
        Place(
            LinkRequest, LinkRequest.address == customer.email, ("address", "created_at"), DELETED
        ),
        Place(
            SavedFilter,
            _names(SavedFilter.query, customer.email),
            cut=DELETED,
        ),
    )
