"""A dispute whose deadline can't be told keeps no other from being told."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from payments_app.core.alerts import Alert
from payments_app.core.db.clock import utcnow
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.payments.disputes import deadlines
from payments_app.payments.disputes.models import Dispute
from tests.bystanders import own
from tests.payments.driver import PaymentDriver
from tests.refunds.test_dispute_answers import dispute_of

pytestmark = pytest.mark.portable


@atomic
def due_in_an_hour(session: Session) -> None:
    due = utcnow() + dt.timedelta(hours=1)
    session.execute(update(Dispute).where(own(Dispute)).values(due_by=due))


def test_one_that_can_not_be_told_keeps_no_other_from_it(
    driver: PaymentDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, other = sorted((dispute_of(driver), dispute_of(driver)), key=lambda each: each.id)
    due_in_an_hour()
    tell, first = deadlines._tell, broken.id

    def fails_for_one(session: Session, dispute: Dispute, hours: int) -> None:
        if dispute.id == first:
            raise LookupError("it can't be shown")
        tell(session, dispute, hours)

    monkeypatch.setattr(deadlines, "_tell", fails_for_one)
    with pytest.raises(LookupError):
        deadlines.tell_of_deadlines()
    db.session.rollback()
    told = select(Alert.key).where(Alert.kind == deadlines.KIND, own(Alert))
    assert {key.split(":")[1] for key in db.session.scalars(told)} == {other.id}
