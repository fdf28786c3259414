"""find: the intent that a lost answer told of, in Stripe's list, a part of it at a time."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.jobs.command import Later
from payments_app.gateway import charges
from payments_app.gateway.results import Answer
from payments_app.payments import states

NEXT_PART_SECONDS = 0.5


def find(
    transaction_id: str,
    created_at: dt.datetime,
    account: str | None,
    *,
    setup: bool,
    searched_to: str | None,
) -> Answer:
    """The answer of `find_intent`, once the list was searched to where that is known.

    Raises Later where there is more of it; the place is committed, so that a job which ends there
    goes on from it.
    """
    found = charges.find_intent(transaction_id, created_at, account, setup=setup, after=searched_to)
    if found.error_type == charges.LIST_GOES_ON:
        _searched(transaction_id, (found.error or {})["after"])
        raise Later(NEXT_PART_SECONDS, f"find: {charges.LIST_GOES_ON}", is_try=False)
    return found


@atomic
def _searched(session: Session, transaction_id: str, place: str) -> None:
    states.lock(session, transaction_id).searched_to = place
