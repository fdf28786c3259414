"""ask_for_link: mail a customer the link that makes a browser known as theirs."""

from __future__ import annotations

import time

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.email_addresses import compared
from payments_app.core.jobs import outbox
from payments_app.customers.models import Customer

MAIL_LINK = "notices.account_link"
EVERY_SECONDS = 60


@atomic
def ask_for_link(session: Session, email: str) -> None:
    """Stage the mail where the address is a customer's, once a minute at most. Nothing tells the
    asker whether it is."""
    customer_id = session.scalar(select(Customer.id).where(Customer.email == compared(email)))
    if customer_id is not None:
        window = int(time.time() // EVERY_SECONDS)
        outbox.stage(session, MAIL_LINK, f"{customer_id}:{window}")
