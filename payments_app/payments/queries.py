"""Reading transactions by what they pay for."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Select, and_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from payments_app.core.db.session import atomic
from payments_app.payments.models import PaymentRecord, Role, Transaction
from payments_app.payments.phases import Phase


def record_of(
    payable_type: str, payable_id: str | InstrumentedAttribute[str], role: str = Role.PAYS_FOR
) -> ColumnElement[bool]:
    """Whether a record joins this payable to a transaction, in this role."""
    return and_(
        PaymentRecord.payable_type == payable_type,
        PaymentRecord.payable_id == payable_id,
        PaymentRecord.role == role,
    )


def attempts(payable_type: str, payable_id: str, role: str = Role.PAYS_FOR) -> Select[Transaction]:
    """Every attempt to take money for a payable, with its record."""
    return select(Transaction).join(PaymentRecord).where(record_of(payable_type, payable_id, role))


def tried_in(
    browser: str, payable_type: str, payable_id: InstrumentedAttribute[str]
) -> ColumnElement[bool]:
    """Condition on a payable's table: this browser made an attempt to pay for it."""
    made = select(PaymentRecord.id).join(Transaction)
    return made.where(record_of(payable_type, payable_id), Transaction.buyer == browser).exists()


def is_active(
    payable_type: str, payable_id: InstrumentedAttribute[str], *like: ColumnElement[bool]
) -> ColumnElement[bool]:
    """Condition on a payable's table: an attempt to pay for it is complete or may still charge,
    and is `like` that."""
    made = select(PaymentRecord.id).join(Transaction)
    return made.where(record_of(payable_type, payable_id), PaymentRecord.active, *like).exists()


def waits_for_buyer(
    payable_type: str, payable_id: InstrumentedAttribute[str]
) -> ColumnElement[bool]:
    """Condition on a payable's table: an attempt to pay for it waits for the bank's check, which
    whoever made it may leave open."""
    return is_active(payable_type, payable_id, Transaction.phase == Phase.REQUIRES_ACTION)


def attempts_like(transaction_id: str) -> Select[Transaction]:
    """Every attempt to pay for what a transaction pays for, itself among them, with its record;
    none of a charge of the customer alone."""
    mine = aliased(PaymentRecord)
    same = (mine.payable_type == PaymentRecord.payable_type) & (
        mine.payable_id == PaymentRecord.payable_id
    )
    return (
        select(Transaction)
        .join(PaymentRecord)
        .join(mine, same)
        .where(
            PaymentRecord.role == Role.PAYS_FOR,
            mine.role == Role.PAYS_FOR,
            mine.transaction_id == transaction_id,
        )
    )


def active_attempt(session: Session, payable_type: str, payable_id: str) -> Transaction | None:
    """A payable's one transaction that is complete or may still charge, as it is now."""
    active = attempts(payable_type, payable_id).where(PaymentRecord.active)
    return session.scalars(active.execution_options(populate_existing=True)).first()


def joined(transaction_id: str, role: Role) -> Select[str]:
    """The id of what a transaction is joined to in this role; one row at most."""
    return select(PaymentRecord.payable_id).where(
        PaymentRecord.transaction_id == transaction_id, PaymentRecord.role == role
    )


def payable_of(session: Session, transaction_id: str) -> tuple[str, str] | None:
    """Type and id of what a transaction pays for; None for a charge of the customer alone."""
    row = session.execute(
        joined(transaction_id, Role.PAYS_FOR).with_only_columns(
            PaymentRecord.payable_type, PaymentRecord.payable_id
        )
    ).first()
    return (row.payable_type, row.payable_id) if row else None


def payable_id_of(session: Session, transaction_id: str, payable_type: str) -> str | None:
    """The id of what a transaction pays for, where that is of this type."""
    of_type = PaymentRecord.payable_type == payable_type
    return session.scalar(joined(transaction_id, Role.PAYS_FOR).where(of_type))


@atomic
def phase_of(session: Session, transaction_id: str) -> str:
    """The phase a transaction is in now."""
    return session.scalars(select(Transaction.phase).where(Transaction.id == transaction_id)).one()
