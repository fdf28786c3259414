"""sign_out: who leaves an account leaves the pages of its payments as well: the browser that made
them reads no more there than anybody does, nor does a copy of its cookie."""

from __future__ import annotations

from flask import session as cookie
from sqlalchemy import ColumnElement, true, update
from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.web import visitor_sessions
from payments_app.customers.models import Customer
from payments_app.customers.recognise import PURPOSE, another_name, recognised, this_browser
from payments_app.payments.models import Role, Transaction
from payments_app.payments.phases import State
from payments_app.payments.queries import attempts


def sign_out() -> None:
    """This browser is nobody's any more."""
    customer_id = customer_here()
    visitor_sessions.sign_out(PURPOSE)
    leave_payments_here(customer_id)


def customer_here() -> str | None:
    """Whose this browser is, or was until the session's time was over."""
    return recognised() or visitor_sessions.subject_here(PURPOSE)


def sign_out_everywhere(customer_id: str, actor: str) -> None:
    """No browser is this customer's any more, by themselves or by staff."""
    visitor_sessions.sign_out_everywhere(PURPOSE, customer_id, actor)
    _leave_payments(customer_id, true())


def leave_payments_here(customer_id: str | None) -> None:
    """Of the customer whom this browser was known to be. A copy of its cookie reads nothing of what
    is paid from now on either: the browser gets another name."""
    if customer_id is not None and (browser := this_browser()):
        _leave_payments(customer_id, Transaction.buyer == browser)
        _take_along(customer_id, browser, another_name(), cookie.get("last"))


@atomic
def _take_along(
    session: Session, customer_id: str, browser: str, name: str, last: str | None
) -> None:
    """What is not at its end yet, and what this browser paid last for somebody else, is its own by
    the new name as well."""
    theirs = attempts(Customer.payable_type, customer_id, Role.CUSTOMER)
    kept_ones: list[ColumnElement[bool]] = [
        Transaction.id.in_(theirs.with_only_columns(Transaction.id))
    ]
    if last:
        kept_ones.append(Transaction.id == last)
    for kept in kept_ones:
        session.execute(
            update(Transaction)
            .where(kept, Transaction.buyer == browser)
            .values(buyer=name, updated_at=Transaction.updated_at)
            .execution_options(synchronize_session=False)
        )


@atomic
def _leave_payments(session: Session, customer_id: str, made: ColumnElement[bool]) -> None:
    """What is not at its end yet stays the browser's that made it: its bank may ask."""
    theirs = attempts(Customer.payable_type, customer_id, Role.CUSTOMER)
    session.execute(
        update(Transaction)
        .where(
            Transaction.id.in_(theirs.with_only_columns(Transaction.id)),
            Transaction.state != State.PENDING,
            made,
        )
        .values(buyer=None, updated_at=Transaction.updated_at)
        .execution_options(synchronize_session=False)
    )
