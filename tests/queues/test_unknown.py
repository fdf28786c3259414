"""What a process does not know waits, untouched and with an alert, for a process that knows it."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient, FlaskCliRunner
from sqlalchemy.orm import Session

from payments_app.core import alerts
from payments_app.core.db.session import atomic
from payments_app.core.jobs import outbox
from payments_app.ops.watch import watch
from tests.accounts.staff_driver import StaffDriver
from tests.payments.driver import PaymentDriver
from tests.queues.job_driver import JobDriver
from tests.queues.newer_release import (
    Plugin,
    age,
    left_alone,
    nothing,
    raise_one,
    stage_unknown,
    told,
    wait_for_a_while,
)

pytestmark = pytest.mark.portable


@pytest.mark.parametrize("queue", ["charges", "default", outbox.SWEEPER])
def test_an_unknown_command_is_left_alone_however_often_it_is_met(
    job_driver: JobDriver, queue: str
) -> None:
    stage_unknown(job_driver, queue=queue)
    for _ in range(8):
        job_driver.work(queue)
        job_driver.make_due()
    assert left_alone(job_driver.message("newer.job"))


def test_what_is_known_is_done_beside_it(job_driver: JobDriver) -> None:
    stage_unknown(job_driver)
    job_driver.job("test.known", nothing)
    job_driver.stage("test.known")
    assert job_driver.work() == 1
    assert job_driver.message("test.known").done_at is not None


def test_it_is_done_once_by_a_process_that_knows_it(job_driver: JobDriver) -> None:
    stage_unknown(job_driver, "a")
    job_driver.work()
    ran: list[str] = []
    job_driver.job("newer.job", lambda subject, _claim: ran.append(subject))
    job_driver.work()
    job_driver.work()
    assert ran == ["a"]


def test_a_worker_that_meets_it_raises_one_alert(job_driver: JobDriver) -> None:
    stage_unknown(job_driver)
    wait_for_a_while(job_driver)
    for _ in range(3):
        job_driver.work()
    assert told(job_driver) == [("unknown_command:newer.job", 1)]
    (alert,) = job_driver.alerts()
    assert alert.severity == "critical"
    assert "newer.job: 1 due on default" in alert.message


def test_a_sweeper_that_meets_it_raises_one_alert(job_driver: JobDriver) -> None:
    stage_unknown(job_driver, queue="charges")
    wait_for_a_while(job_driver)
    for _ in range(3):
        watch()
    assert told(job_driver) == [("unknown_command:newer.job", 1)]


def test_it_is_told_of_however_many_wait(job_driver: JobDriver) -> None:
    for subject in "abc":
        stage_unknown(job_driver, subject)
    wait_for_a_while(job_driver)
    job_driver.work()
    assert told(job_driver) == [("unknown_command:newer.job", 1)]


def test_a_rolling_deploy_has_a_minute_before_anybody_is_told(job_driver: JobDriver) -> None:
    stage_unknown(job_driver)
    job_driver.work()
    watch()
    assert told(job_driver) == []


def test_who_acknowledged_it_is_not_told_again_at_once(job_driver: JobDriver) -> None:
    stage_unknown(job_driver)
    wait_for_a_while(job_driver)
    job_driver.work()
    acknowledge("unknown_command:newer.job")
    job_driver.work()
    watch()
    assert told(job_driver) == [("unknown_command:newer.job", 1)]


def test_the_alert_on_what_tells_of_alerts_is_told(job_driver: JobDriver, plugin: Plugin) -> None:
    plugin.start()
    job_driver.app.extensions["commands"].pop("alerts.webhook")
    raise_one("one")
    wait_for_a_while(job_driver)
    job_driver.work(outbox.SWEEPER)
    assert ("unknown_command:alerts.webhook", 1) in told(job_driver)


def test_a_command_that_nobody_knows_is_refused_as_it_is_staged(job_driver: JobDriver) -> None:
    with pytest.raises(LookupError, match=r"nobody\.knows"):
        job_driver.stage("nobody.knows")


class TestLooking:
    def test_the_page_of_queues_says_what_is_not_known(
        self, job_driver: JobDriver, staff_driver: StaffDriver
    ) -> None:
        stage_unknown(job_driver, queue="payment_standard")
        age(600)
        page = staff_driver.signed_in("support").get("/staff/queues").text
        assert "newer.job: 1 job waits on payment_standard" in page
        assert "(not known here)" in page
        assert "payment_standard is late" not in page

    def test_the_metrics_count_it_apart_from_what_is_late(
        self, job_driver: JobDriver, client: FlaskClient
    ) -> None:
        stage_unknown(job_driver, queue="payment_standard")
        age(600)
        text = client.get("/metrics").text
        assert 'queue_unknown{job="newer.job",queue="payment_standard"} 1.0' in text
        assert 'queue_latency_seconds{queue="payment_standard"} 0.0' in text

    def test_the_payments_page_says_that_something_waits(
        self, driver: PaymentDriver, job_driver: JobDriver, staff_driver: StaffDriver
    ) -> None:
        paid, beside = driver.pay(), driver.pay()
        stage_unknown(job_driver, paid)
        age(600, "newer.job")
        staff = staff_driver.signed_in("support")
        assert "newer.job is not known here" in staff.get(f"/staff/payments/{paid}").text
        assert "newer.job" not in staff.get(f"/staff/payments/{beside}").text


class TestForgetting:
    @pytest.mark.expects_failure("plugin.note")
    def test_what_is_forgotten_is_staged_no_more_and_what_waited_is_discarded(
        self, driver: PaymentDriver, job_driver: JobDriver, plugin: Plugin, cli: FlaskCliRunner
    ) -> None:
        plugin.start()
        paid = driver.pay()
        done = cli.invoke(args=["queues", "forget", "plugin.note", "--reason", "sold the shop"])
        assert done.exit_code == 0, done.output
        assert job_driver.message("plugin.note", paid).discarded_at is not None
        later = driver.pay()
        assert job_driver.messages("plugin.note", later) == []
        (entry,) = job_driver.history("subscriber.forgotten")
        assert entry.data["reason"] == "sold the shop"

    def test_what_is_subscribed_here_is_not_forgotten(
        self, job_driver: JobDriver, cli: FlaskCliRunner
    ) -> None:
        done = cli.invoke(args=["queues", "forget", "notices.receipt", "--reason", "why not"])
        assert done.exit_code == 1
        assert "is subscribed here" in done.output

    def test_what_nobody_ever_knew_is_said_so(
        self, job_driver: JobDriver, cli: FlaskCliRunner
    ) -> None:
        done = cli.invoke(args=["queues", "forget", "no.such", "--reason", "why not"])
        assert "Nothing is subscribed or waits under the name no.such." in done.output

    @pytest.mark.expects_failure("newer.job")
    def test_its_alert_is_answered(self, job_driver: JobDriver, cli: FlaskCliRunner) -> None:
        stage_unknown(job_driver)
        wait_for_a_while(job_driver)
        job_driver.work()
        words = ["queues", "forget", "newer.job", "--reason", "rolled back", "--by", "ada"]
        answer = cli.invoke(args=words)
        assert answer.exit_code == 0, answer.output
        assert [alert.acknowledged_by for alert in job_driver.alerts()] == ["ada"]


@atomic
def acknowledge(session: Session, key: str) -> None:
    assert alerts.acknowledge(session, key, "ada")
