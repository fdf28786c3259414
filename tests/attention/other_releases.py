"""What another release may have stored beside a payment."""

from __future__ import annotations

from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.extensions import Base
from payments_app.payments.models import Transaction

NEED = {"what": "dispute", "key": "dispute:dsp_1:needs_response", "by": "answer_dispute"}
UNKNOWN = {"what": "call_bank", "key": "call:1", "by": "phone", "about": "x", "minutes": 5}
STORED: list[Any] = [
    {"status": "refunded", "needs": [], "closed": {}, "unheard_of": 1},
    {"status": "partly_refunded", "returned": 500},
    {"needs": [], "closed": {}},
    {
        "status": "held_by_stripe",
        "needs": [NEED, UNKNOWN, {"what": "no key"}],
        "closed": {"retry": "frozen", "refund": "frozen", "pay_again": "frozen"},
    },
    {},
    [],
    "text",
    7,
]
_TABLE = Base.metadata.tables[Transaction.__tablename__]


@atomic
def store(session: Session, transaction: str, attention: Any) -> None:
    """As the other release did: beside the ORM, where no truth is worked out."""
    kept = {"attention": attention, "need": "call_bank"}
    session.execute(update(_TABLE).where(_TABLE.c.id == transaction).values(**kept))
