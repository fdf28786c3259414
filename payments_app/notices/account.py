"""account: the mail with the link to a buyer's own pages."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.jobs.command import Claim
from payments_app.core.language import Words
from payments_app.core.web import link_requests, one_time_links
from payments_app.customers.models import Customer
from payments_app.customers.recognise import PATH, PURPOSE
from payments_app.merchants.find import shop_name
from payments_app.notices import mail_links, mails

ACCOUNT_LINK = "account_link"


@atomic
def write_account_link(session: Session, request_id: str, _claim: Claim) -> None:
    """The command of somebody who asked: a mail where the address is a customer's."""
    asked = link_requests.take(session, request_id)
    if asked is None:
        return
    customer = session.scalar(select(Customer).where(Customer.email == asked.address))
    if customer is None:
        return
    mails.write(
        session,
        ACCOUNT_LINK,
        request_id,
        customer.email,
        Words("Your cards at %(shop)s", shop=shop_name()),
        reader=customer.reader,
        link=mail_links.signs_in(PATH, PURPOSE, customer.id, asked.to),
        minutes=one_time_links.minutes(),
    )
