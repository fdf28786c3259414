"""payment_link: the mail with a link to pay."""

from __future__ import annotations

from sqlalchemy.orm import Session

from payments_app.core import history
from payments_app.core.db.session import atomic
from payments_app.core.language import Words, day
from payments_app.merchants.find import shop_name
from payments_app.notices import mail_links, mails
from payments_app.notices.readers import reader_at
from payments_app.payment_requests.models import PaymentRequest

PAYMENT_LINK, PATH = "payment_link", "/checkout/"


@atomic
def send_payment_link(session: Session, request_id: str, actor: str) -> None:
    """Mail the link of a payment request to the address that it names, once.

    Raises sqlalchemy.exc.NoResultFound for an unknown one, ValueError where it names no address.
    """
    asked = session.get_one(PaymentRequest, request_id)
    if asked.email is None:
        raise ValueError("it names no address")
    fresh = mails.write(
        session,
        PAYMENT_LINK,
        request_id,
        asked.email,
        Words("%(amount)s to pay to %(shop)s", amount=asked.price, shop=shop_name()),
        reader=reader_at(session, asked.email),
        link=mail_links.opens(PATH, asked.id),
        amount=asked.price,
        description=asked.payment_description,
        until=day(asked.expires_at.date()) if asked.expires_at else None,
    )
    if fresh:
        history.record(session, "staff", "payment_request.sent", actor=actor, subject=request_id)
