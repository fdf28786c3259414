"""One payment, and notes on it."""

from __future__ import annotations

import json
from typing import Any

from flask import Response, request
from sqlalchemy import select
from sqlalchemy.exc import NoResultFound
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from payments_app.accounts.gate import signed_in
from payments_app.attention.doubles import answered, double_key
from payments_app.core.card_numbers import mask
from payments_app.core.db.ids import without_payment_methods
from payments_app.core.extensions import db
from payments_app.core.jobs import unknown
from payments_app.core.web.access import staff
from payments_app.core.web.query import place_in_list, takes
from payments_app.payments.models import Transaction
from payments_app.payments.queries import attempts_like
from payments_app.payments.refunds.double_payments import twin_of, within
from payments_app.payments.transactions.waiting import wait_of
from payments_app.staff.blueprint import back_to_timeline, blueprint, page
from payments_app.staff.causes.sources import MOST
from payments_app.staff.causes.timeline import timeline
from payments_app.staff.merchants.queries import sale_of
from payments_app.staff.payments import notes
from payments_app.staff.payments.details import payments
from payments_app.staff.payments.pay_link import asked_again, pay_link_of
from payments_app.staff.payments.refunds_and_disputes import returns_of
from payments_app.staff.payments.sent import receipt_of, sent_about
from payments_app.staff.payments.summary import summary_of
from payments_app.staff.payments.waiting import wait_words
from payments_app.staff.presenter import Payment
from payments_app.staff.zones import reader_zone

_ATTEMPTS = 50  # of one payable on a page


@blueprint.get("/payments/<transaction_id>")
@staff("view")
@takes("attempts_before", "mails", "webhooks", "timeline")
def payment(transaction_id: str) -> Response:
    """One payment: status, reason, next step, and the timeline."""
    return _payment_page(transaction_id)


@blueprint.post("/payments/<transaction_id>/notes")
@staff("note")
def add_note(transaction_id: str) -> Response | BaseResponse:
    """Write a note beside a payment."""
    text = request.form.get("text", "")
    try:
        notes.add_note(transaction_id, text, signed_in().id)
    except NoResultFound:
        raise NotFound from None
    except ValueError as error:
        return _payment_page(transaction_id, 422, note=text, note_problem=str(error))
    return back_to_timeline(transaction_id)


def _payment_page(
    transaction_id: str, status: int = 200, note: str = "", note_problem: str | None = None
) -> Response:
    session, zone = db.session(), reader_zone()
    shown = find(transaction_id)
    wait = wait_of(session, transaction_id)
    attempts, earlier = _attempts(transaction_id, place_in_list("attempts_before"))
    row = session.execute(
        select(Transaction.stripe_data, Transaction.error, Transaction.stripe_status).where(
            Transaction.id == transaction_id
        )
    ).one()
    return page(
        "payments/payment.html",
        status,
        payment=shown,
        summary=summary_of(session, shown, zone),
        raw=_answered(row.stripe_data or row.error) if signed_in().may("technical") else None,
        stripe_status=row.stripe_status,
        attempts=attempts,
        earlier_attempts=earlier,
        returns=returns_of(session, transaction_id, zone),
        sale=sale_of(session, transaction_id, zone),
        sent=sent_about(session, transaction_id, zone),
        receipt=receipt_of(session, transaction_id, zone),
        twin=_twin(transaction_id),
        minutes=round(within().total_seconds() / 60),
        pay_url=pay_link_of(session, shown),
        asked_again=asked_again(shown),
        waits=unknown.waiting_for(session, transaction_id),
        waiting=wait_words(wait, zone) if wait else None,
        timeline=timeline(
            session,
            transaction_id,
            zone,
            technical=signed_in().may("technical"),
            most=max(MOST, place_in_list("timeline") or 0),
        ),
        note=note,
        note_problem=note_problem,
    )


def _answered(said: Any) -> str:
    """What Stripe answered, to read."""
    return mask(without_payment_methods(json.dumps(said or {}, indent=2, ensure_ascii=False)))


def find(transaction_id: str) -> Payment:
    """A payment for its page. Raises NotFound for an unknown id."""
    session = db.session()
    version = session.scalar(select(Transaction.version).where(Transaction.id == transaction_id))
    if version is None:
        raise NotFound
    return payments(session, [(transaction_id, version)], reader_zone())[0]


def _twin(transaction_id: str) -> str | None:
    """The other payment where this one was likely made twice, and nobody said that it was not."""
    session = db.session()
    twin = twin_of(session, transaction_id)
    if twin is None:
        return None
    keys = [double_key(transaction_id, twin), double_key(twin, transaction_id)]
    return None if answered(session, keys) else twin


def _attempts(transaction_id: str, before: int | None) -> tuple[list[Payment], int | None]:
    """The last attempts to pay for the same thing, of those with a number below `before`, the
    first one first, and the number that the page of the earlier ones ends before; none where there
    is no other."""
    session = db.session()
    query = attempts_like(transaction_id).with_only_columns(
        Transaction.id, Transaction.version, Transaction.attempt
    )
    earlier = query if before is None else query.where(Transaction.attempt < before)
    rows = session.execute(
        earlier.order_by(Transaction.attempt.desc(), Transaction.id).limit(_ATTEMPTS + 1)
    ).all()
    shown = rows[:_ATTEMPTS][::-1]
    if before is None and len(shown) < 2:
        return [], None
    more = shown[0].attempt if len(rows) > _ATTEMPTS else None
    return payments(session, [(row.id, row.version) for row in shown], reader_zone()), more
