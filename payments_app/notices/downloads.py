"""downloads: the mail with the link to what was bought."""

from __future__ import annotations

from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.jobs.command import Claim
from payments_app.customers.models import Customer
from payments_app.downloads.models import DigitalPurchase
from payments_app.notices import mails


@atomic
def write_download(session: Session, purchase_id: str, _claim: Claim) -> None:
    """Runs after a purchase's payment."""
    purchase = session.get_one(DigitalPurchase, purchase_id, populate_existing=True)
    link = purchase.download_url(session, purchase_id)
    if purchase.customer_id is None or link is None:
        return
    email = session.get_one(Customer, purchase.customer_id).email
    subject = f"Your download: {purchase.product.name}"
    mails.write(
        session, "download", purchase_id, email, subject, product=purchase.product, link=link
    )
