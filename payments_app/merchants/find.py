"""find: the shop's own merchant, made on first sight."""

from __future__ import annotations

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.db.ids import new_id
from payments_app.core.db.session import insert_once
from payments_app.core.email_addresses import normal
from payments_app.merchants.models import Merchant


def shop_name() -> str:
    """What the shop is called, as its settings say."""
    return str(current_app.config["CONFIG"].shop_name)


def default_merchant(session: Session) -> Merchant:
    """The shop itself: whoever is paid where nobody else is named."""
    own = select(Merchant).where(Merchant.is_default)
    found = session.scalar(own)
    if found is None:
        config = current_app.config["CONFIG"]
        insert_once(
            session,
            Merchant,
            id=new_id("mrc"),
            name=shop_name(),
            email=normal(config.mail_from),
            timezone=config.business_timezone,
            cutoff=0,
            is_default=True,
        )
        found = session.scalars(own).one()
    return found
