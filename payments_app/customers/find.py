"""find: the customer of an e-mail address, made on first sight."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.db.ids import new_id
from payments_app.core.db.session import insert_once
from payments_app.core.email_addresses import compared
from payments_app.core.language import Reader
from payments_app.customers.models import Customer

NOBODY = Reader()


def customer_for(session: Session, email: str, reader: Reader = NOBODY) -> Customer:
    """The one customer of this address (compared in its one form), made if there is none yet. Both
    take the same, since a purchase that is refused afterwards stores nothing: who asks again and
    again would learn by the time whose the address is. The `reader` is of a customer who is new."""
    email = compared(email)
    first = {"language": reader.language, "zone": reader.zone}
    insert_once(session, Customer, id=new_id("cust"), email=email, **first)
    return session.scalars(select(Customer).where(Customer.email == email)).one()
