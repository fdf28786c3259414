"""account: the mail with the link to a buyer's own pages."""

from __future__ import annotations

from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.jobs.command import Claim
from payments_app.customers.models import Customer
from payments_app.customers.recognise import link_for
from payments_app.merchants.find import SHOP_NAME
from payments_app.notices import mails

ACCOUNT_LINK = "account_link"


@atomic
def write_account_link(session: Session, asked: str, _claim: Claim) -> None:
    """The command of somebody who asked; `asked` is `<customer>:<when>`."""
    customer = session.get_one(Customer, asked.partition(":")[0])
    subject = f"Your cards at {SHOP_NAME}"
    link = link_for(customer.id, "/account")
    mails.write(session, ACCOUNT_LINK, asked, customer.email, subject, link=link)
