"""deliver: the link to what was bought, and the file behind it.

The link is signed and expires; whoever has it may fetch the file. It is good from the moment that
the payment is complete: nothing has to follow first.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from payments_app.core import links
from payments_app.core.database import atomic
from payments_app.downloads.models import DigitalPurchase
from payments_app.payments.models import PaymentRecord, Transaction

LINK_SECONDS = 7 * 86_400
_PURPOSE = "download"


@dataclass(frozen=True)
class Parcel:
    """A file to send."""

    filename: str
    media_type: str
    content: bytes


def link_to(purchase_id: str) -> str:
    """An absolute address of the file, good for LINK_SECONDS."""
    public_url = current_app.config["CONFIG"].public_url
    return f"{public_url}/downloads/{links.sign(_PURPOSE, purchase_id)}"


def purchase_of(token: str) -> str | None:
    """The purchase that a link is for; None where it is forged or too old."""
    found = links.read(_PURPOSE, token, LINK_SECONDS)
    return found if isinstance(found, str) else None


@atomic
def fetch(session: Session, purchase_id: str) -> Parcel | None:
    """The file of a purchase that is paid for, counted as one more download; else None."""
    if not is_paid(session, purchase_id):
        return None
    session.execute(
        update(DigitalPurchase)
        .where(DigitalPurchase.id == purchase_id)
        .values(downloads=DigitalPurchase.downloads + 1)
    )
    product = session.get_one(DigitalPurchase, purchase_id).product
    return Parcel(product.filename, product.media_type, product.content)


def is_paid(session: Session, purchase_id: str) -> bool:
    """Whether a payment of this purchase is complete."""
    paid = (
        select(Transaction.id)
        .join(PaymentRecord)
        .where(
            PaymentRecord.payable_type == DigitalPurchase.payable_type,
            PaymentRecord.payable_id == purchase_id,
            PaymentRecord.role == "pays_for",
            Transaction.state == "complete",
        )
    )
    return session.scalar(paid.limit(1)) is not None
