"""What is dead stays until somebody decides, with a reason."""

from __future__ import annotations

import pytest
from flask.testing import FlaskCliRunner

from payments_app.core.jobs.outbox import Claim
from payments_app.ops import dead_letters
from tests.accounts.staff_driver import Desk
from tests.queues.job_driver import Bench

pytestmark = pytest.mark.portable


def test_a_retried_dead_letter_is_done_by_a_worker(bench: Bench) -> None:
    dead = bench.bury()
    done: list[str] = []
    bench.job("test.fails", lambda subject, _claim: done.append(subject))
    dead_letters.retry(dead, "the disk is mended", "ada")
    bench.work()
    assert done == ["it"]
    assert bench.message("test.fails").done_at is not None


def test_a_retried_dead_letter_has_all_its_tries_again(bench: Bench) -> None:
    dead = bench.bury()
    bench.failing("test.fails", waits=(60,))
    dead_letters.retry(dead, "the disk is mended", "ada")
    bench.work()
    assert bench.message("test.fails").dead_at is None


def test_a_discarded_dead_letter_stays_in_the_database_and_is_listed_no_more(bench: Bench) -> None:
    dead = bench.bury()
    dead_letters.discard(dead, "done by hand", "ada")
    assert bench.message("test.fails").discarded_at is not None
    with pytest.raises(dead_letters.NotDeadError):
        dead_letters.retry(dead, "changed my mind", "ada")


@pytest.mark.parametrize("verb", [dead_letters.retry, dead_letters.discard])
def test_a_decision_answers_the_alert_and_is_in_the_history(bench: Bench, verb: object) -> None:
    dead = bench.bury()
    verb(dead, "looked at it", "ada")  # type: ignore[operator]
    assert [alert.acknowledged_by for alert in bench.alerts()] == ["ada"]
    (entry,) = [*bench.history("dead_letter.retried"), *bench.history("dead_letter.discarded")]
    assert (entry.actor, entry.data["reason"]) == ("ada", "looked at it")


def test_a_decision_needs_a_reason(bench: Bench) -> None:
    dead = bench.bury()
    with pytest.raises(ValueError, match="Write a reason"):
        dead_letters.discard(dead, "  ", "ada")


def test_a_dead_letter_is_not_retried_beside_an_open_one(bench: Bench) -> None:
    def fail(_subject: str, _claim: Claim) -> None:
        raise RuntimeError

    bench.job("test.alone", fail, alone=True)
    bench.stage("test.alone", key="first")
    bench.work()
    bench.stage("test.alone", key="second")
    with pytest.raises(dead_letters.StillOpenError):
        dead_letters.retry(bench.message("test.alone").id, "again", "ada")


def test_the_command_line_lists_shows_and_retries(bench: Bench, cli: FlaskCliRunner) -> None:
    dead = bench.bury(subject="txn_1")
    assert "txn_1" in cli.invoke(args=["queues", "dead"]).output
    assert "RuntimeError: the cause" in cli.invoke(args=["queues", "show", str(dead)]).output
    done = cli.invoke(args=["queues", "retry", str(dead), "--reason", "mended", "--by", "ada"])
    assert done.output == f"{dead} is due again\n"


def test_the_command_line_ends_with_1_while_something_critical_is_wrong(
    bench: Bench, cli: FlaskCliRunner
) -> None:
    bench.bury(queue="payment_critical")
    asked = cli.invoke(args=["queues", "status"])
    assert asked.exit_code == 1
    assert "CRITICAL: test.fails: 1 dead on payment_critical" in asked.output


def test_the_command_line_acknowledges_an_alert(bench: Bench, cli: FlaskCliRunner) -> None:
    bench.bury()
    number = str(bench.alerts()[0].id)
    assert "test.fails" in cli.invoke(args=["alerts", "list"]).output
    assert cli.invoke(args=["alerts", "acknowledge", number]).exit_code == 0
    assert cli.invoke(args=["alerts", "acknowledge", number]).exit_code == 1


def test_an_administrator_retries_a_dead_letter_on_its_page(bench: Bench, desk: Desk) -> None:
    dead = bench.bury()
    admin = desk.signed_in("admin")
    page = f"/staff/queues/dead/{dead}"
    assert "RuntimeError: the cause" in admin.get(page).text
    assert admin.post(f"{page}/retries", page, reason="mended").status_code == 303
    assert bench.message("test.fails").dead_at is None


def test_a_form_without_a_reason_comes_back_with_words(bench: Bench, desk: Desk) -> None:
    dead = bench.bury()
    page = f"/staff/queues/dead/{dead}"
    answer = desk.signed_in("admin").post(f"{page}/discards", page, reason=" ")
    assert answer.status_code == 422
    assert "Write a reason" in answer.text


def test_support_looks_at_a_dead_letter_and_may_not_decide(bench: Bench, desk: Desk) -> None:
    dead = bench.bury()
    support = desk.signed_in("support")
    page = f"/staff/queues/dead/{dead}"
    assert "An administrator decides" in support.get(page).text
    assert support.post(f"{page}/retries", reason="mine").status_code == 403
    assert bench.message("test.fails").dead_at is not None


def test_a_viewer_sees_neither_queues_nor_alerts(desk: Desk) -> None:
    viewer = desk.signed_in("viewer")
    assert viewer.get("/staff/queues").status_code == 403
    assert viewer.get("/staff/alerts").status_code == 403


def test_an_error_is_shown_as_text(bench: Bench, desk: Desk) -> None:
    dead = bench.bury(subject="<script>alert(1)</script>")
    page = desk.signed_in("support").get(f"/staff/queues/dead/{dead}").text
    assert "<script>alert" not in page


def test_support_acknowledges_an_alert_on_its_page(bench: Bench, desk: Desk) -> None:
    bench.bury()
    (alert,) = bench.alerts()
    support = desk.signed_in("support")
    path = f"/staff/alerts/{alert.id}/acknowledgements"
    assert support.post(path, "/staff/alerts").status_code == 303
    assert bench.alerts()[0].acknowledged_by is not None
    assert "Nothing waits for anybody" in support.get("/staff/alerts").text


@pytest.mark.parametrize("number", [0, 2**63, 10**30])
def test_a_dead_letter_that_is_not_there_is_a_404(desk: Desk, number: int) -> None:
    assert desk.signed_in("admin").get(f"/staff/queues/dead/{number}").status_code == 404
