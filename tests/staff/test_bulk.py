"""Many at once: shown first, decided for what was shown alone, each with its own entry."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.alerts import Alert, raise_alert
from payments_app.core.db.clock import utcnow
from payments_app.core.db.session import atomic
from payments_app.core.jobs.outbox import Message
from payments_app.core.jobs.pauses import paused_queues
from payments_app.notices.models import Mail
from payments_app.notices.receipts import write_receipt
from payments_app.ops import bulk
from tests.accounts.staff_driver import Browser, StaffDriver
from tests.bystanders import own
from tests.ledger.concurrency import claim
from tests.staff.stored_payments import StoredPayments
from tests.staff.test_resending import _ended

_DEAD_JOBS = ("reports.aggregate", "reports.aggregate2", "ops.clean_up")
pytestmark = [pytest.mark.portable, pytest.mark.expects_failure(*_DEAD_JOBS)]


@pytest.fixture
def admin(staff_driver: StaffDriver) -> Browser:
    return staff_driver.signed_in("admin")


@atomic
def _die(session: Session, command: str, count: int) -> list[int]:
    rows = [
        Message(
            queue="default",
            command=command,
            subject=f"all{number}",
            dedupe_key=f"{command}:{number}",
            available_at=utcnow(),
            dead_at=utcnow(),
            last_error="ValueError: no",
        )
        for number in range(count)
    ]
    session.add_all(rows)
    session.flush()
    return [row.id for row in rows]


@atomic
def _dead(session: Session) -> list[int]:
    found = select(Message.id).where(Message.dead_at.is_not(None), Message.discarded_at.is_(None))
    return list(session.scalars(found.order_by(Message.id)))


@atomic
def _alert(session: Session, kind: str, count: int) -> None:
    for number in range(count):
        raise_alert(session, kind, f"{kind}:{number}", f"{kind} number {number}")


@atomic
def _open_alerts(session: Session) -> list[str]:
    return list(session.scalars(select(Alert.kind).where(Alert.acknowledged_at.is_(None))))


@atomic
def _paused(session: Session) -> list[str]:
    return [row.queue for row in paused_queues(session)]


def test_one_alone_is_no_these(admin: Browser, staff_driver: StaffDriver) -> None:
    staff_driver.do(_die, "reports.aggregate", 1)
    page = admin.get(DEAD).text
    assert "Retry it" in page
    assert "It gets an entry in the audit." in " ".join(page.split())
    assert "hese 1" not in page


def ids_of(page: str) -> str:
    found = re.search(r'name="ids"\s+value="([^"]*)"', page)
    assert found
    return found[1]


DEAD = "/staff/queues/dead?command=reports.aggregate"


@pytest.mark.parametrize(
    ("decision", "what"),
    [("retry", "dead_letter.retried"), ("discard", "dead_letter.discarded")],
)
def test_all_dead_letters_of_a_job_are_decided_at_once(
    admin: Browser, staff_driver: StaffDriver, decision: str, what: str
) -> None:
    mine, others = (
        staff_driver.do(_die, command, 3) for command in ("reports.aggregate", "ops.clean_up")
    )
    assert "reports.aggregate (3)" in admin.get("/staff/queues").text
    page = admin.get(DEAD).text
    assert "Retry these 3" in page
    form = {"ids": ids_of(page), "command": "reports.aggregate", "reason": "Mended"}
    assert staff_driver.entries(what) == []
    after = staff_driver.do(_die, "reports.aggregate2", 1)
    told = admin.post("/staff/queues/dead/decisions", DEAD, decision=decision, **form)
    assert staff_driver.do(_dead) == [*others, *after]
    assert [entry.data["message"] for entry in staff_driver.entries(what)] == mine
    assert "3 decided" in admin.get(told.headers["Location"]).text


def test_what_came_after_the_page_is_left_alone(admin: Browser, staff_driver: StaffDriver) -> None:
    staff_driver.do(_die, "reports.aggregate", 1)
    form = {"ids": ids_of(admin.get(DEAD).text), "command": "reports.aggregate", "reason": "x"}
    (later,) = staff_driver.do(_later)
    admin.post("/staff/queues/dead/decisions", DEAD, decision="discard", **form)
    assert staff_driver.do(_dead) == [later]


@atomic
def _later(session: Session) -> list[int]:
    row = Message(
        queue="default",
        command="reports.aggregate",
        subject="later",
        dedupe_key="later",
        available_at=utcnow(),
        dead_at=utcnow(),
    )
    session.add(row)
    session.flush()
    return [row.id]


def test_one_that_a_colleague_decided_meanwhile_is_counted_as_left(
    admin: Browser, staff_driver: StaffDriver
) -> None:
    first, _ = staff_driver.do(_die, "reports.aggregate", 2)
    form = {"ids": ids_of(admin.get(DEAD).text), "command": "reports.aggregate", "reason": "x"}
    path = f"/staff/queues/dead/{first}"
    admin.post(f"{path}/discards", path, reason="mine")
    told = admin.post("/staff/queues/dead/decisions", DEAD, decision="discard", **form)
    assert "done=1&left=1" in told.headers["Location"]


@pytest.mark.parametrize("form", [{"ids": "1,x"}, {"ids": ""}, {"ids": "9" * 30}, {"reason": ""}])
def test_a_form_that_cannot_be_read_decides_nothing(
    admin: Browser, staff_driver: StaffDriver, form: dict[str, str]
) -> None:
    dead = staff_driver.do(_die, "reports.aggregate", 1)
    sent = {"ids": str(dead[0]), "reason": "x", "command": "reports.aggregate", **form}
    answer = admin.post("/staff/queues/dead/decisions", DEAD, decision="discard", **sent)
    assert answer.status_code == 422
    assert staff_driver.do(_dead) == dead


def test_no_more_are_decided_at_once_than_are_shown(
    admin: Browser, staff_driver: StaffDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "MOST", 2)
    dead = staff_driver.do(_die, "reports.aggregate", 3)
    page = admin.get(DEAD).text
    assert "These 2 of 3" in page
    assert ids_of(page) == f"{dead[0]},{dead[1]}"


def test_only_who_may_decide_about_one_may_decide_about_many(
    support: Browser, staff_driver: StaffDriver
) -> None:
    dead = staff_driver.do(_die, "reports.aggregate", 1)
    assert support.get(DEAD).status_code == 403
    assert "Decide about all" not in support.get("/staff/queues").text
    form = {"ids": str(dead[0]), "reason": "x", "decision": "discard"}
    answer = support.post("/staff/queues/dead/decisions", **form)
    assert answer.status_code == 403
    assert staff_driver.do(_dead) == dead


def test_all_alerts_of_a_kind_are_acknowledged_at_once(
    support: Browser, staff_driver: StaffDriver
) -> None:
    staff_driver.do(_alert, "late", 3)
    staff_driver.do(_alert, "redis", 2)
    assert "late (3)" in support.get("/staff/alerts").text
    path = "/staff/alerts/kind?kind=late"
    page = support.get(path).text
    assert "Acknowledge these 3" in page
    support.post("/staff/alerts/acknowledgements", path, ids=ids_of(page))
    assert staff_driver.do(_open_alerts) == ["redis", "redis"]
    assert len(staff_driver.entries("alert.acknowledged")) == 3


@atomic
def _rounds(session: Session) -> dict[str, int]:
    mails = session.scalars(select(Mail).where(own(Mail))).all()
    return {str(mail.transaction_id): mail.rounds for mail in mails}


def test_receipts_of_what_a_filter_selects_are_sent_again(
    support: Browser, staff_driver: StaffDriver, stored_payments: StoredPayments
) -> None:
    mine = [stored_payments.payment(currency="eur") for _ in range(2)]
    other = stored_payments.payment()
    for id_ in (*mine, other):
        staff_driver.do(write_receipt, id_, claim(id_))
    without = stored_payments.payment(currency="eur")
    staff_driver.do(_ended, Mail, "sent")
    assert "Send receipts again" in support.get("/staff/payments?currency=eur").text
    path = "/staff/receipts?currency=eur"
    page = support.get(path).text
    assert "Send 3 receipts again" in page
    assert set(ids_of(page).split(",")) == {*mine, without}
    told = support.post(path, path, ids=ids_of(page))
    assert "2 asked for" in support.get(told.headers["Location"]).text
    assert staff_driver.do(_rounds) == {mine[0]: 2, mine[1]: 2, other: 1}
    asked = staff_driver.entries("mail.receipt.resend_asked")
    assert {entry.transaction_id for entry in asked} == set(mine)


def test_a_filter_that_cannot_be_read_sends_no_receipt(support: Browser) -> None:
    assert support.get("/staff/receipts?least=much").status_code == 422
    assert support.post("/staff/receipts", "/staff/receipts", ids="x").status_code == 422


def test_a_viewer_sends_no_receipts(viewer: Browser) -> None:
    assert viewer.get("/staff/receipts").status_code == 403
    assert "Send receipts again" not in viewer.get("/staff/payments?currency=eur").text


def test_a_queue_is_paused_and_resumed_with_who_and_why(
    admin: Browser, staff_driver: StaffDriver
) -> None:
    path = "/staff/queues/named/mailers"
    assert "Nothing is lost" in admin.get(path).text or "nothing is lost" in admin.get(path).text
    admin.post(f"{path}/pauses", path, reason="The mail server moves")
    assert staff_driver.do(_paused) == ["mailers"]
    page = admin.get("/staff/queues").text
    assert "mailers is paused" in page
    assert "The mail server moves" in page
    admin.post(f"{path}/resumptions", path)
    assert staff_driver.do(_paused) == []
    assert [entry.data["reason"] for entry in staff_driver.entries("queue.paused")] == [
        "The mail server moves"
    ]
    assert len(staff_driver.entries("queue.resumed")) == 1


def test_a_pause_needs_a_reason_and_a_queue_that_is_there(
    admin: Browser, staff_driver: StaffDriver
) -> None:
    path = "/staff/queues/named/mailers"
    assert admin.post(f"{path}/pauses", path, reason=" ").status_code == 422
    for queue in ("sweeper", "nothing"):
        assert admin.get(f"/staff/queues/named/{queue}").status_code == 404
        assert admin.post(f"/staff/queues/named/{queue}/pauses", reason="x").status_code == 404
    assert staff_driver.do(_paused) == []


def test_only_an_administrator_pauses(support: Browser, staff_driver: StaffDriver) -> None:
    path = "/staff/queues/named/mailers"
    assert support.get(path).status_code == 403
    assert support.post(f"{path}/pauses", "/staff/password", reason="x").status_code == 403
    assert staff_driver.do(_paused) == []


@pytest.mark.parametrize("decision", [{}, {"decision": ""}, {"decision": "Retry"}])
def test_a_decision_that_is_none_decides_nothing(
    admin: Browser, staff_driver: StaffDriver, decision: dict[str, str]
) -> None:
    dead = staff_driver.do(_die, "reports.aggregate", 2)
    form = {"ids": ids_of(admin.get(DEAD).text), "reason": "Mended"}
    form |= {"command": "reports.aggregate"}
    told = admin.post("/staff/queues/dead/decisions", DEAD, **form, **decision)
    assert told.status_code == 422
    assert set(dead) <= set(staff_driver.do(_dead))
