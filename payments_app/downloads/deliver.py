"""deliver: the file behind the link to what was bought.

The link is signed and expires; whoever has it may fetch the file. It is good from the moment that
the payment is complete: nothing has to follow first. It stops with a refund in full, as
`payments/refunds/entitlement.py` says.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import update
from sqlalchemy.orm import Session

from payments_app.core import history
from payments_app.core.db.session import atomic
from payments_app.core.web import links
from payments_app.downloads.link import PURPOSE
from payments_app.downloads.models import DigitalPurchase
from payments_app.payments.models import Transaction
from payments_app.payments.phases import State
from payments_app.payments.queries import attempts
from payments_app.payments.refunds.entitlement import Entitlement, entitlement

LINK_SECONDS = 7 * 86_400
_TOLD = 20  # downloads of a purchase whose times are kept: a bank that is answered asks for them


class DisputedError(Exception):
    """The payment is disputed, and the bank has not decided yet."""


class RefundedError(Exception):
    """The purchase was refunded in full, or is about to be."""


@dataclass(frozen=True)
class Parcel:
    """A file to send."""

    filename: str
    media_type: str
    content: bytes


def purchase_of(token: str) -> str | None:
    """The purchase that a link is for; None where it is forged or too old."""
    found = links.read(PURPOSE, token, LINK_SECONDS)
    return found if isinstance(found, str) else None


@atomic
def fetch(session: Session, purchase_id: str) -> Parcel | None:
    """The file of a purchase that is paid for in full, counted as one more download; else None.

    Raises RefundedError and DisputedError.
    """
    paid = _paid(session, purchase_id)
    stands = _entitlement(session, paid, purchase_id)
    if paid is None or stands in (None, Entitlement.IN_PART):
        return None
    if stands == Entitlement.DISPUTED:
        raise DisputedError(f"{purchase_id} is disputed")
    if stands != Entitlement.OWED:
        raise RefundedError(f"{purchase_id} is not owed any more")
    session.execute(
        update(DigitalPurchase)
        .where(DigitalPurchase.id == purchase_id)
        .values(downloads=DigitalPurchase.downloads + 1)
    )
    purchase = session.get_one(DigitalPurchase, purchase_id, populate_existing=True)
    if purchase.downloads <= _TOLD:
        history.record(
            session, "system", "purchase.downloaded", transaction_id=paid.id, subject=purchase_id
        )
    product = purchase.product
    return Parcel(product.filename, product.media_type, product.content)


def _paid(session: Session, purchase_id: str) -> Transaction | None:
    """The complete payment of this purchase."""
    tried = attempts(DigitalPurchase.payable_type, purchase_id)
    paid = tried.where(Transaction.state == State.COMPLETE)
    return session.scalars(paid.limit(1)).first()


def _entitlement(
    session: Session, paid: Transaction | None, purchase_id: str
) -> Entitlement | None:
    """What its complete payment is good for; None where there is none."""
    if paid is None:
        return None
    return entitlement(session, paid, session.get_one(DigitalPurchase, purchase_id).price)
