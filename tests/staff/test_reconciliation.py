"""What differs between the books is on a page, with one safe fix."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from payments_app.core.db.clock import utcnow
from payments_app.core.db.session import atomic
from payments_app.core.jobs.outbox import Message
from payments_app.reconcile.findings import CLOSED_SHOWN, SHOWN, resolve
from payments_app.reconcile.fixes import FIXES
from payments_app.reconcile.kinds import KINDS
from payments_app.reconcile.models import Finding
from payments_app.staff.reconciliation import queries as findings
from tests.accounts.staff_driver import Browser, StaffDriver
from tests.staff.stored_payments import StoredPayments

pytestmark = pytest.mark.portable
PAGE = "/staff/reconciliation"


@atomic
def _found(session: Session, kind: str, transaction_id: str | None, **details: object) -> int:
    finding = Finding(
        kind=kind,
        subject=transaction_id or "pi_stranger",
        severity=KINDS[kind].severity,
        fix=KINDS[kind].fix,
        transaction_id=transaction_id,
        about_at=utcnow(),
        details={"intent": "pi_1", "amount": 1099, "currency": "usd", **details},
    )
    session.add(finding)
    session.flush()
    return finding.id


@atomic
def _many(session: Session, count: int) -> None:
    columns = {"kind": "unknown_intent", "severity": "warning", "about_at": utcnow()}
    session.add_all(Finding(subject=f"pi_{number}", **columns) for number in range(count))


@atomic
def _resolved(session: Session, finding_id: int) -> None:
    resolve(session, session.get_one(Finding, finding_id), "gone", "system")


@atomic
def _all_resolved(session: Session) -> None:
    for finding in session.scalars(select(Finding)):
        resolve(session, finding, "gone", "system")


@atomic
def _messages(session: Session) -> Any:
    return session.scalar(select(func.count(Message.id)).where(Message.command == "reconcile.fix"))


@pytest.fixture
def admin(staff_driver: StaffDriver) -> Browser:
    return staff_driver.signed_in("admin")


@pytest.fixture
def stuck(staff_driver: StaffDriver, stored_payments: StoredPayments) -> int:
    """A payment that nothing would end."""
    return staff_driver.do(_found, "stuck_pending", stored_payments.payment("created"))


def test_an_open_finding_is_said_in_words(support: Browser, stuck: int) -> None:
    page = support.get(PAGE).text
    assert "Pending, and nothing is scheduled that would end it." in page
    assert "Amount: $10.99" in page


@pytest.mark.parametrize(
    ("odd", "shown"),
    [
        ({"amount": 10**30}, f"Amount: 1{'0' * 30}"),
        ({"amount": -(10**29), "currency": "jpy"}, f"Amount: -1{'0' * 29}"),
        ({"currency": "4242 4242 4242 4242"}, "Currency: [card number cut, ends in 4242]"),
        ({"currency": "x" * 5000}, f"Currency: {'x' * 199}\N{HORIZONTAL ELLIPSIS}"),
    ],
)
def test_no_amount_of_stripe_s_takes_the_page_down(
    staff_driver: StaffDriver, support: Browser, admin: Browser, odd: dict[str, object], shown: str
) -> None:
    finding = staff_driver.do(_found, "unknown_intent", None, **odd)
    assert shown in support.get(PAGE).text
    assert admin.get(f"{PAGE}/{finding}/fixes").status_code == 200


def test_a_list_that_is_cut_says_so(staff_driver: StaffDriver, support: Browser) -> None:
    staff_driver.do(_many, SHOWN)
    assert "are shown" not in support.get(PAGE).text
    staff_driver.do(_found, "unknown_intent", None)
    page = support.get(PAGE).text
    assert f"{SHOWN} of {SHOWN + 1} are shown" in page
    assert f'href="{PAGE}?skip={SHOWN}"' in page
    assert "pi_0" not in page
    assert f"1 of {SHOWN + 1} are shown" in (rest := support.get(f"{PAGE}?skip={SHOWN}").text)
    assert "pi_0" in rest


def test_the_list_of_what_is_over_goes_on(staff_driver: StaffDriver, support: Browser) -> None:
    staff_driver.do(_many, CLOSED_SHOWN + 1)
    staff_driver.do(_all_resolved)
    page = support.get(PAGE).text
    (place,) = re.findall(r"before=(\d+)", page)
    rest = support.get(f"{PAGE}?before={place}").text
    assert ("pi_0<" in page, "pi_0<" in rest, "Older →" in rest) == (False, True, False)


def test_every_fix_has_its_words() -> None:
    assert findings.FIXES.keys() == FIXES.keys()


def test_the_fix_is_confirmed_and_asked_for_once(
    staff_driver: StaffDriver, admin: Browser, stuck: int
) -> None:
    assert "Resume" in admin.get(f"{PAGE}/{stuck}/fixes").text
    for _ in range(2):
        assert admin.post(f"{PAGE}/{stuck}/fixes").status_code == 303
    assert staff_driver.do(_messages) == 1
    assert len(staff_driver.entries("reconcile.fix_requested")) == 1
    assert "Requested by admin@example.com" in admin.get(PAGE).text


def test_a_finding_that_is_gone_is_not_fixed(
    staff_driver: StaffDriver, admin: Browser, stuck: int
) -> None:
    staff_driver.do(_resolved, stuck)
    answer = admin.post(f"{PAGE}/{stuck}/fixes")
    assert (answer.status_code, "gone already" in answer.text) == (409, True)
    assert staff_driver.do(_messages) == 0


def test_what_has_no_safe_fix_is_for_a_person(staff_driver: StaffDriver, admin: Browser) -> None:
    number = staff_driver.do(_found, "unknown_intent", None)
    assert str(KINDS["unknown_intent"].who) in html.unescape(admin.get(PAGE).text)
    assert admin.post(f"{PAGE}/{number}/fixes").status_code == 409


def test_closed_findings_stand_below(
    staff_driver: StaffDriver, support: Browser, stuck: int
) -> None:
    staff_driver.do(_resolved, stuck)
    page = support.get(PAGE).text
    assert page.index("No differences.") < page.index("the system")


def test_support_sees_findings_and_may_not_fix_them(
    staff_driver: StaffDriver, support: Browser, stuck: int
) -> None:
    assert f"{stuck}/fixes" not in support.get(PAGE).text
    assert support.post(f"{PAGE}/{stuck}/fixes").status_code == 403
    assert staff_driver.do(_messages) == 0


def test_an_unknown_finding_is_not_found(admin: Browser) -> None:
    assert admin.get(f"{PAGE}/{2**70}/fixes").status_code == 404
    assert admin.post(f"{PAGE}/1/fixes").status_code == 404


def test_the_page_is_in_the_navigation(support: Browser) -> None:
    assert f'href="{PAGE}"' in support.get("/staff").text
