"""What is dead stays until somebody decides, with a reason."""

from __future__ import annotations

import pytest
from flask.testing import FlaskCliRunner

from payments_app.core.jobs.command import Claim
from payments_app.core.jobs.scheduler import Periodic, Scheduler
from payments_app.ops import dead_letters
from payments_app.ops.watch import watch
from tests.accounts.staff_driver import StaffDriver
from tests.queues.job_driver import JobDriver

pytestmark = pytest.mark.portable


def test_a_retried_dead_letter_is_done_by_a_worker(job_driver: JobDriver) -> None:
    dead = job_driver.dead_letter()
    done: list[str] = []
    job_driver.job("test.fails", lambda subject, _claim: done.append(subject))
    dead_letters.retry(dead, "the disk is mended", "ada")
    job_driver.work()
    assert done == ["it"]
    assert job_driver.message("test.fails").done_at is not None


def test_a_retried_dead_letter_has_all_its_tries_again(job_driver: JobDriver) -> None:
    dead = job_driver.dead_letter()
    job_driver.failing("test.fails", waits=(60,))
    dead_letters.retry(dead, "the disk is mended", "ada")
    job_driver.work()
    assert job_driver.message("test.fails").dead_at is None


def test_a_discarded_dead_letter_stays_in_the_database_and_is_listed_no_more(
    job_driver: JobDriver,
) -> None:
    dead = job_driver.dead_letter()
    dead_letters.discard(dead, "done by hand", "ada")
    assert job_driver.message("test.fails").discarded_at is not None
    with pytest.raises(dead_letters.NotDeadError):
        dead_letters.retry(dead, "changed my mind", "ada")


@pytest.mark.parametrize("decide", [dead_letters.retry, dead_letters.discard])
def test_a_decision_answers_the_alert_and_is_in_the_history(
    job_driver: JobDriver, decide: object
) -> None:
    dead = job_driver.dead_letter()
    decide(dead, "looked at it", "ada")  # type: ignore[operator]
    assert [alert.acknowledged_by for alert in job_driver.alerts()] == ["ada"]
    (entry,) = [
        *job_driver.history("dead_letter.retried"),
        *job_driver.history("dead_letter.discarded"),
    ]
    assert (entry.actor, entry.data["reason"]) == ("ada", "looked at it")


def test_a_periodic_run_that_died_is_given_up_once_a_later_one_was_done(
    job_driver: JobDriver,
) -> None:
    def dead() -> list[bool]:
        watch()
        found = (*job_driver.messages("test.tick"), *job_driver.messages("test.fails"))
        return [row.dead_at is not None and row.discarded_at is None for row in found]

    other = job_driver.dead_letter(subject="tick")  # of no periodic job
    for seconds, works in ((86_400, False), (43_200, False), (21_600, True)):
        assert dead() == [True] * (len(job_driver.messages("test.tick")) + 1)
        job_driver.app.extensions["schedule"] = (Periodic("tick", "test.tick", seconds),)
        if works:
            job_driver.job("test.tick", lambda *_: None)
        else:
            job_driver.failing("test.tick")
        Scheduler().stage_due()
        job_driver.work()
    assert dead() == [False, False, False, True]
    told = {alert.key: alert.acknowledged_by for alert in job_driver.alerts()}
    gone = [f"dead_letter:{row.id}" for row in job_driver.messages("test.tick")[:2]]
    assert [told[key] for key in (*gone, f"dead_letter:{other}")] == ["system", "system", None]
    reasons = [entry.data["reason"] for entry in job_driver.history("dead_letter.discarded")]
    assert reasons == [dead_letters.MADE_GOOD] * 2


def test_a_decision_needs_a_reason(job_driver: JobDriver) -> None:
    dead = job_driver.dead_letter()
    with pytest.raises(ValueError, match="Write a reason"):
        dead_letters.discard(dead, "  ", "ada")


@pytest.mark.expects_failure("test.unique")
def test_a_dead_letter_is_not_retried_beside_an_open_one(job_driver: JobDriver) -> None:
    def fail(_subject: str, _claim: Claim) -> None:
        raise RuntimeError

    job_driver.job("test.unique", fail, unique_while_open=True)
    job_driver.stage("test.unique", key="first")
    job_driver.work()
    job_driver.stage("test.unique", key="second")
    with pytest.raises(dead_letters.StillOpenError):
        dead_letters.retry(job_driver.message("test.unique").id, "again", "ada")


def test_the_command_line_lists_shows_and_retries(
    job_driver: JobDriver, cli: FlaskCliRunner
) -> None:
    dead = job_driver.dead_letter(subject="txn_1")
    assert "txn_1" in cli.invoke(args=["queues", "dead"]).output
    assert "RuntimeError: the cause" in cli.invoke(args=["queues", "show", str(dead)]).output
    done = cli.invoke(args=["queues", "retry", str(dead), "--reason", "mended", "--by", "ada"])
    assert done.output == f"{dead} is due again\n"


def test_the_command_line_ends_with_1_while_something_critical_is_wrong(
    job_driver: JobDriver, cli: FlaskCliRunner
) -> None:
    job_driver.dead_letter(queue="payment_critical")
    asked = cli.invoke(args=["queues", "status"])
    assert asked.exit_code == 1
    assert "CRITICAL: test.fails: 1 dead on payment_critical" in asked.output


def test_the_command_line_acknowledges_an_alert(job_driver: JobDriver, cli: FlaskCliRunner) -> None:
    job_driver.dead_letter()
    number = str(job_driver.alerts()[0].id)
    assert "test.fails" in cli.invoke(args=["alerts", "list"]).output
    assert cli.invoke(args=["alerts", "acknowledge", number]).exit_code == 0
    assert cli.invoke(args=["alerts", "acknowledge", number]).exit_code == 1


def test_an_administrator_retries_a_dead_letter_on_its_page(
    job_driver: JobDriver, staff_driver: StaffDriver
) -> None:
    dead = job_driver.dead_letter()
    admin = staff_driver.signed_in("admin")
    page = f"/staff/queues/dead/{dead}"
    assert "RuntimeError: the cause" in admin.get(page).text
    assert admin.post(f"{page}/retries", page, reason="mended").status_code == 303
    assert job_driver.message("test.fails").dead_at is None


def test_nobody_reads_a_card_s_id_of_what_a_dead_letter_was_about(
    job_driver: JobDriver, staff_driver: StaffDriver, cli: FlaskCliRunner
) -> None:
    dead = job_driver.dead_letter(subject="pm_1NabcDEF0123456789")
    admin, page = staff_driver.signed_in("admin"), f"/staff/queues/dead/{dead}"
    read = [admin.get("/staff/queues").text, admin.get(page).text]
    read += [
        cli.invoke(args=["queues", *words]).output for words in (["dead"], ["show", str(dead)])
    ]
    assert admin.post(f"{page}/retries", page, reason="mended").status_code == 303
    read.append(admin.get("/staff/audit").text)
    assert [(text.count("pm_[cut]"), "pm_1N" in text) for text in read] == [(1, False)] * 5


def test_a_form_without_a_reason_comes_back_with_words(
    job_driver: JobDriver, staff_driver: StaffDriver
) -> None:
    dead = job_driver.dead_letter()
    page = f"/staff/queues/dead/{dead}"
    answer = staff_driver.signed_in("admin").post(f"{page}/discards", page, reason=" ")
    assert answer.status_code == 422
    assert "Write a reason" in answer.text


def test_support_looks_at_a_dead_letter_and_may_not_decide(
    job_driver: JobDriver, staff_driver: StaffDriver
) -> None:
    dead = job_driver.dead_letter()
    support = staff_driver.signed_in("support")
    page = f"/staff/queues/dead/{dead}"
    assert "Only an administrator can retry" in support.get(page).text
    assert support.post(f"{page}/retries", reason="mine").status_code == 403
    assert job_driver.message("test.fails").dead_at is not None


def test_a_viewer_sees_neither_queues_nor_alerts(staff_driver: StaffDriver) -> None:
    viewer = staff_driver.signed_in("viewer")
    assert viewer.get("/staff/queues").status_code == 403
    assert viewer.get("/staff/alerts").status_code == 403


def test_an_error_is_shown_as_text(job_driver: JobDriver, staff_driver: StaffDriver) -> None:
    dead = job_driver.dead_letter(subject="<script>alert(1)</script>")
    page = staff_driver.signed_in("support").get(f"/staff/queues/dead/{dead}").text
    assert "<script>alert" not in page


def test_support_acknowledges_an_alert_on_its_page(
    job_driver: JobDriver, staff_driver: StaffDriver
) -> None:
    job_driver.dead_letter()
    (alert,) = job_driver.alerts()
    support = staff_driver.signed_in("support")
    path = f"/staff/alerts/{alert.id}/acknowledgements"
    assert support.post(path, "/staff/alerts").status_code == 303
    assert job_driver.alerts()[0].acknowledged_by is not None
    assert "No open alerts" in support.get("/staff/alerts").text


@pytest.mark.parametrize("number", [0, 2**63, 10**30])
def test_a_dead_letter_that_is_not_there_is_a_404(staff_driver: StaffDriver, number: int) -> None:
    assert staff_driver.signed_in("admin").get(f"/staff/queues/dead/{number}").status_code == 404
