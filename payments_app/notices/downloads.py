"""downloads: the mail with the link to what was bought."""

from __future__ import annotations

from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.jobs.command import Claim
from payments_app.core.language import Words
from payments_app.customers.models import Customer
from payments_app.downloads.link import PATH, PURPOSE
from payments_app.downloads.models import DigitalPurchase
from payments_app.notices import mail_links, mails


@atomic
def write_download(session: Session, purchase_id: str, _claim: Claim) -> None:
    """Runs after a purchase's payment."""
    purchase = session.get_one(DigitalPurchase, purchase_id, populate_existing=True)
    if purchase.customer_id is None or not purchase.is_owed(session):
        return
    customer = session.get_one(Customer, purchase.customer_id)
    subject = Words("Your download: %(name)s", name=purchase.product.name)
    link = mail_links.reaches(PATH, PURPOSE, purchase_id)
    mails.write(
        session,
        "download",
        purchase_id,
        customer.email,
        subject,
        link=link,
        reader=customer.reader,
        product=purchase.product,
    )
