"""The shop's own merchant, for tests that need its id."""

from __future__ import annotations

from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.merchants.find import default_merchant


@atomic
def shop_id(session: Session) -> str:
    return default_merchant(session).id
