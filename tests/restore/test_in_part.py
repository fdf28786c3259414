"""A bill of which a part was captured and given back is paid anew: after a restore it is paid by
that payment, and nobody is charged for it once more."""

from __future__ import annotations

from payments_app.core.extensions import db
from payments_app.payments.queries import payable_of
from payments_app.restore.payments import oldest_first
from tests.payments.held import Held
from tests.refunds.refund_steps import give_back
from tests.restore.drill import Drill, done


def renewed_in_part(drill: Drill, member: str, day: str) -> str:
    """The payment of a renewal of which a dollar was captured."""
    drill.start_renewal(member, day)
    (bill,) = drill.attempts(member)
    Held(drill).capture_of(bill.id, 100)
    return bill.id


def test_a_bill_that_was_paid_anew_is_not_charged_once_more(drill: Drill) -> None:
    other = drill.bought("other")
    member = drill.join("2026-01-31")
    drill.back_up()
    part = renewed_in_part(drill, member, "2026-02-28")
    give_back(drill, part, 100)
    drill.try_again(member)
    paid, was = drill.attempts(member)
    assert (was.id, was.paid, paid.paid) == (part, 100, 1500)
    anew = paid.id
    drill.restore_backup()
    said = done(drill.restore(say="y"))
    drill.work()
    period = drill.periods(member)[-1]
    joined = [payable_of(db.session(), one) for one in (part, anew)]
    assert joined == [(period.payable_type, period.id)] * 2
    assert [(row.transaction_id, row.active) for row in period.payment_records] == [
        (anew, True),
        (part, False),
    ]
    assert (period.paid_at is not None, period.next_try_at) == (True, None)
    assert anew not in said
    assert drill.subscription(member).status == "active"
    assert payable_of(db.session(), other) is not None


def test_of_two_attempts_of_one_second_the_first_is_restored_first() -> None:
    begun = (("pi_before", 4), ("pi_z_first", 5), ("pi_a_second", 5), ("pi_after", 6))
    listed = [{"id": intent, "created": second} for intent, second in reversed(begun)]
    assert [intent["id"] for intent in oldest_first(listed)] == [intent for intent, _ in begun]
