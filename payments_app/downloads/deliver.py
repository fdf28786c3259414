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
    bought = session.get(DigitalPurchase, purchase_id)
    paid = bought.payment() if bought is not None else None
    if bought is None or paid is None:
        return None
    stands = entitlement(session, paid, bought.price)
    if stands == Entitlement.IN_PART:
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
    session.refresh(bought, ["downloads"])
    if bought.downloads <= _TOLD:
        history.record(
            session, "system", "purchase.downloaded", transaction_id=paid.id, subject=purchase_id
        )
    product = bought.product
    return Parcel(product.filename, product.media_type, product.content)
