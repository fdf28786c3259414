"""find: payment requests with what became of each, by their attempts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from payments_app.core.db.clock import database_now
from payments_app.core.db.columns import as_object
from payments_app.gateway.declines import NEEDS_BUYER
from payments_app.gateway.words import known
from payments_app.payment_requests.models import PaymentRequest
from payments_app.payments.models import PaymentRecord, Role, Transaction
from payments_app.payments.payable import payable_kinds
from payments_app.payments.phases import Phase, State
from payments_app.payments.truth import Truth, truth_of


class Status(StrEnum):
    """Where a request stands. The last three are final, but that a payment may be refunded."""

    REQUIRES_PAYMENT = "requires_payment"  # nobody has paid yet; a try may have failed
    PROCESSING = "processing"
    # The buyer confirms it with their bank: just now, or on our page, where their card was charged
    # without them and the bank wants them.
    REQUIRES_ACTION = "requires_action"
    SUCCEEDED = "succeeded"
    CANCELED = "canceled"
    EXPIRED = "expired"


@dataclass(frozen=True)
class Filter:
    """What a list shows; all of it by default."""

    reference: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    status: Status | None = None
    owed: bool | None = None  # those that ask for another payable, or the others
    created_from: dt.datetime | None = None
    created_before: dt.datetime | None = None

    @property
    def is_long(self) -> bool:
        """Whether no index finds it: every request may be read until there are enough."""
        return bool(self.reference or self.labels or self.status)


@dataclass(frozen=True)
class Known:
    """A request with its state: `last` is its active attempt, else the newest."""

    request: PaymentRequest
    status: Status
    last: Transaction | None

    @property
    def truth(self) -> Truth | None:
        """What is so with `last`, as all that read it do; None unless it was paid."""
        paid = self.last is not None and self.last.state == State.COMPLETE
        return truth_of(self.last) if paid else None

    @property
    def refunded(self) -> int:
        """How much of it was given back, in minor units."""
        return self.truth.returned if self.truth else 0


def find(session: Session, request_id: str) -> Known | None:
    """One request; None for an id that names none."""
    rows = session.execute(_joined().where(PaymentRequest.id == request_id)).all()
    known = _with_attempts(session, [(asked, active, over) for asked, active, over in rows])
    return known[0] if known else None


def open_link_of(session: Session, payable_type: str, payable_id: str) -> str | None:
    """The newest request for another payable by which that can be paid still."""
    asked = select(PaymentRequest.id).where(
        PaymentRequest.owed_type == payable_type,
        PaymentRequest.owed_id == payable_id,
        PaymentRequest.canceled_at.is_(None),
        ~func.coalesce(_over(), False),
    )
    newest = PaymentRequest.created_at.desc(), PaymentRequest.id.desc()
    return session.scalar(asked.order_by(*newest).limit(1))


def find_all(
    session: Session, wanted: Filter, *, after: str | None = None, limit: int = 20
) -> tuple[list[Known], bool]:
    """Up to `limit` requests, the newest first, after the one of the id `after`; and whether there
    are more. Raises LookupError where `after` names none."""
    asked = _joined().where(*_matching(wanted))
    if after is not None:
        place = session.get(PaymentRequest, after)
        if place is None:
            raise LookupError(after)
        here = tuple_(PaymentRequest.created_at, PaymentRequest.id)
        asked = asked.where(here < (place.created_at, place.id))
    asked = asked.order_by(PaymentRequest.created_at.desc(), PaymentRequest.id.desc())
    rows = session.execute(asked.limit(limit + 1)).all()
    known = _with_attempts(session, [(asked, active, over) for asked, active, over in rows[:limit]])
    return known, len(rows) > limit


_active = aliased(Transaction)


def _joined() -> Select[PaymentRequest, Transaction | None, bool]:
    """Each with its active attempt, and whether its time is over."""
    record = and_(
        *_pays(),
        PaymentRecord.active,
    )
    asked: Select[Any, Any, Any] = (
        select(PaymentRequest, _active, func.coalesce(_over(), False))
        .outerjoin(PaymentRecord, record)
        .outerjoin(_active, _active.id == PaymentRecord.transaction_id)
        .execution_options(populate_existing=True)
    )
    return asked


def _pays() -> tuple[ColumnElement[bool], ...]:
    """Whether a record joins an attempt to a request, or to what that asks for."""
    type_ = func.coalesce(PaymentRequest.owed_type, PaymentRequest.payable_type)
    id_ = func.coalesce(PaymentRequest.owed_id, PaymentRequest.id)
    pays = PaymentRecord.role == Role.PAYS_FOR
    return PaymentRecord.payable_type == type_, PaymentRecord.payable_id == id_, pays


def _over() -> ColumnElement[bool]:
    return PaymentRequest.expires_at <= database_now()


def _matching(wanted: Filter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [
        PaymentRequest.labels[name].as_string() == value for name, value in wanted.labels.items()
    ]
    if wanted.reference is not None:
        found.append(PaymentRequest.reference == wanted.reference)
    if wanted.owed is not None:
        found.append(PaymentRequest.owed_id.is_not(None) == wanted.owed)
    if wanted.created_from is not None:
        found.append(PaymentRequest.created_at >= wanted.created_from)
    if wanted.created_before is not None:
        found.append(PaymentRequest.created_at < wanted.created_before)
    if wanted.status is not None:
        found.append(_is(wanted.status))
    return found


def _is(status: Status) -> ColumnElement[bool]:
    """The same as `_status`, in SQL."""
    open_ = _active.id.is_(None) & PaymentRequest.canceled_at.is_(None)
    pending = _active.state == State.PENDING
    lasting = or_(PaymentRequest.expires_at.is_(None), PaymentRequest.expires_at > database_now())
    asked = PaymentRequest.owed_id.is_(None) & _bank_asks_in_sql()
    return {
        Status.SUCCEEDED: _active.state == State.COMPLETE,
        Status.REQUIRES_ACTION: or_(
            pending & (_active.phase == Phase.REQUIRES_ACTION), open_ & lasting & asked
        ),
        Status.PROCESSING: pending & (_active.phase != Phase.REQUIRES_ACTION),
        Status.CANCELED: _active.id.is_(None) & PaymentRequest.canceled_at.is_not(None),
        Status.EXPIRED: open_ & _over(),
        Status.REQUIRES_PAYMENT: open_ & lasting & ~asked,
    }[status]


def _bank_asks(last: Transaction | None) -> bool:
    """Whether the newest attempt was made without the buyer, and failed for want of them."""
    return (
        last is not None
        and last.off_session
        and last.phase == Phase.FAILED
        and any(known(code, NEEDS_BUYER) for code in _codes(last))
    )


def _codes(last: Transaction) -> tuple[Any, ...]:
    return last.error_code, as_object(last.error).get("decline_code")


def _bank_asks_in_sql() -> ColumnElement[bool]:
    newest = (
        select(PaymentRecord.transaction_id)
        .where(*_pays())
        .order_by(PaymentRecord.created_at.desc(), PaymentRecord.id.desc())
        .limit(1)
        .correlate(PaymentRequest)
        .scalar_subquery()
    )
    return exists().where(
        Transaction.id == newest,
        Transaction.off_session,
        Transaction.phase == Phase.FAILED,
        or_(
            Transaction.error_code.in_(NEEDS_BUYER),
            Transaction.error["decline_code"].as_string().in_(NEEDS_BUYER),
        ),
    )


def _status(
    request: PaymentRequest, active: Transaction | None, last: Transaction | None, *, over: bool
) -> Status:
    if active is not None and active.state == State.COMPLETE:
        return Status.SUCCEEDED
    if active is not None:
        asked = active.phase == Phase.REQUIRES_ACTION
        return Status.REQUIRES_ACTION if asked else Status.PROCESSING
    if request.canceled_at is not None:
        return Status.CANCELED
    if over:
        return Status.EXPIRED
    asked = request.owed_id is None and _bank_asks(last)
    return Status.REQUIRES_ACTION if asked else Status.REQUIRES_PAYMENT


def _with_attempts(
    session: Session, rows: Sequence[tuple[PaymentRequest, Transaction | None, bool]]
) -> list[Known]:
    last = _last_attempts(session, [request.paid_id for request, _, _ in rows])
    return [
        Known(
            request,
            _status(request, active, last.get(request.paid_id), over=bool(over)),
            active or last.get(request.paid_id),
        )
        for request, active, over in rows
    ]


def _last_attempts(session: Session, ids: Sequence[str]) -> dict[str, Transaction]:
    """By the id of what was paid: an id is of one kind alone."""
    kinds = [kind.payable_type for kind in payable_kinds().values()]
    asked = (
        select(PaymentRecord.payable_id, Transaction)
        .join(Transaction, Transaction.id == PaymentRecord.transaction_id)
        .where(
            PaymentRecord.payable_type.in_(kinds),
            PaymentRecord.payable_id.in_(ids),
            PaymentRecord.role == Role.PAYS_FOR,
        )
        .order_by(PaymentRecord.created_at, PaymentRecord.id)
    )
    return {row[0]: row[1] for row in session.execute(asked).all()}
