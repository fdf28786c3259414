"""The doctor: green where all is as it must be, and each mistake is named."""

from __future__ import annotations

import datetime as dt
import json
import re
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import stripe
from flask import Flask
from sqlalchemy import select

from parts.app import Sweeper, Web
from parts.ports import free_port
from parts.process import wait_until
from parts.sandbox import Sandbox
from parts.settings import webhook_secrets
from payments_app.core.alerts import Alert
from payments_app.core.extensions import db
from payments_app.core.jobs.outbox import Message
from payments_app.gateway.own_account import check_account
from payments_app.ops import stripe_destination_checks, stripe_doctor
from tests.accounts.staff_driver import StaffDriver
from tests.ledger.concurrency import claim
from tests.merchants.connected_merchants import create_ready_merchant
from tests.ops.at_stripe import ADDRESS, AtStripe, line
from tests.payments.driver import PaymentDriver
from tests.sandbox.shop import card_payment

pytestmark = [pytest.mark.portable, pytest.mark.alone]

OTHER_ACCOUNT = "of_another_account"


@pytest.fixture
def well(at_stripe: AtStripe) -> AtStripe:
    """All is set up, as the operator does it."""
    at_stripe.setup()
    return at_stripe


@pytest.fixture
def merchant(well: AtStripe) -> str:
    """A merchant on whose account cards are charged directly; the account's id."""
    with well.app() as app:
        create_ready_merchant(PaymentDriver(app), charge_type="direct")
    return well.client.v1.accounts.list().data[0].id


def wrong(at_stripe: AtStripe, name: str) -> str:
    """The doctor finds this wrong, and nothing else; what it says."""
    code, output = at_stripe.doctor()
    assert code == 1
    assert re.findall(r"^WRONG  (.*?):", output, re.MULTILINE) == [name], output
    return line(output, name)


def test_all_is_green_after_the_setup(well: AtStripe) -> None:
    code, output = well.doctor()
    assert (code, "WRONG" in output) == (0, False), output
    names = "secret key,publishable key,account,API version,Connect,clock,settlement"
    for name in [*names.split(","), *(f"destination {n}" for n in ("account", "connect", "thin"))]:
        assert line(output, name)
    assert "pay.example.com" in line(output, "domain")


def test_all_is_green_in_the_demo(settings: dict[str, str], tmp_path: Path) -> None:
    hook, signing = f"{settings['PUBLIC_URL']}/webhooks/stripe", webhook_secrets(settings)
    with Sandbox(tmp_path, keep=False, webhook_url=hook, webhook_secrets=signing) as sandbox:
        demo = AtStripe(settings | {"STRIPE_API_BASE": sandbox.url}, settings["PUBLIC_URL"])
        code, output = demo.doctor()
    assert (code, "WRONG" in output) == (0, False), output


def test_nothing_is_written_at_stripe(well: AtStripe) -> None:
    before = json.dumps([each.to_dict() for each in well.listed()])
    well.doctor()
    assert json.dumps([each.to_dict() for each in well.listed()]) == before
    assert well.client.v1.payment_intents.list().data == []


class TestAMistake:
    """Planted in what was right, and named alone."""

    def test_a_secret_key_that_stripe_does_not_know(self, well: AtStripe) -> None:
        well.fail("unauthorized", "/v1/account$")
        code, output = well.doctor()
        assert code == 1
        assert line(output, "secret key").endswith("Stripe does not know this key")

    def test_a_secret_key_of_another_account_than_the_database(self, well: AtStripe) -> None:
        with well.app():
            check_account()
        for name in ("STRIPE_SECRET_KEY", "STRIPE_PUBLISHABLE_KEY"):
            well.settings[name] = well.settings[name][:8] + OTHER_ACCOUNT
        well.setup()
        assert "but this database is of account acct_" in wrong(well, "secret key")

    def test_a_publishable_key_of_another_account(self, well: AtStripe) -> None:
        well.client.v1.payment_intents.create(card_payment())  # type: ignore[arg-type]
        assert "of the same account" in line(well.doctor()[1], "publishable key")
        well.settings["STRIPE_PUBLISHABLE_KEY"] = f"pk_test_{OTHER_ACCOUNT}"
        assert "of another account" in wrong(well, "publishable key")

    def test_an_account_that_may_not_charge(self, well: AtStripe) -> None:
        well.control(
            "account",
            charges_enabled=False,
            requirements={"disabled_reason": "requirements.past_due"},
        )
        assert "may not charge (requirements.past_due)" in wrong(well, "account")

    def test_a_version_that_stripe_does_not_accept(self, well: AtStripe) -> None:
        with well.app() as app:
            app.extensions["stripe"] = stripe.StripeClient(
                well.settings["STRIPE_SECRET_KEY"],
                stripe_version="2027-02-01.fig",
                base_addresses={"api": well.settings["STRIPE_API_BASE"]},
            )
            output = app.test_cli_runner().invoke(args=["stripe", "doctor"]).output
        said = line(output, "API version")
        assert said.startswith("WRONG")
        assert "Invalid Stripe API version: 2027-02-01.fig" in said

    def test_a_destination_that_is_missing(self, well: AtStripe) -> None:
        well.destinations.delete(well.one("account").id)
        assert f"none at {ADDRESS}" in wrong(well, "destination account")

    def test_a_destination_at_another_address(self, well: AtStripe) -> None:
        elsewhere = "https://shop.example.com/webhooks/stripe"
        id_ = well.one("account").id
        well.destinations.update(id_, {"webhook_endpoint": {"url": elsewhere}})
        assert f"{id_} is at {elsewhere}" in wrong(well, "destination account")

    def test_a_destination_that_lacks_an_event(self, well: AtStripe) -> None:
        found = well.one("account")
        events = [each for each in found.enabled_events if each != "refund.updated"]
        well.destinations.update(found.id, {"enabled_events": events})
        assert "does not send refund.updated" in wrong(well, "destination account")

    def test_a_destination_of_another_version(self, well: AtStripe) -> None:
        found = well.one("connect")
        well.destinations.delete(found.id)
        well.client.v1.webhook_endpoints.create(
            {
                "url": ADDRESS,
                "enabled_events": found.enabled_events,
                "connect": True,
                "api_version": "2026-03-25.dahlia",
            }
        )
        assert "of version 2026-03-25.dahlia" in wrong(well, "destination connect")

    def test_a_destination_that_is_disabled(self, well: AtStripe) -> None:
        well.destinations.disable(well.one("thin").id)
        assert "disabled" in wrong(well, "destination thin")

    def test_a_secret_that_is_not_the_destinations(self, well: AtStripe) -> None:
        well.settings["STRIPE_CONNECT_WEBHOOK_SECRET"] = f"whsec_{secrets.token_hex(16)}"
        said = wrong(well, "destination connect")
        assert "STRIPE_CONNECT_WEBHOOK_SECRET does not hold its secret" in said

    def test_a_thin_destination_of_our_own_account(self, well: AtStripe, merchant: str) -> None:
        well.setup()
        found = well.one("thin")
        well.destinations.delete(found.id)
        made = well.destinations.create(
            {
                "name": "Ours",
                "type": "webhook_endpoint",
                "webhook_endpoint": {"url": ADDRESS},
                "enabled_events": found.enabled_events,
                "event_payload": "thin",
                "events_from": ["@self"],
            }
        )
        assert f"{made.id} is at {ADDRESS}, of thin events from @self" in wrong(
            well, "destination thin"
        )

    def test_a_domain_that_is_switched_off(self, well: AtStripe) -> None:
        domains = well.client.v1.payment_method_domains
        domains.update(domains.list().data[0].id, {"enabled": False})
        assert "switched off" in wrong(well, "domain")

    def test_a_domain_that_a_merchants_account_lacks(self, well: AtStripe, merchant: str) -> None:
        assert "is not registered" in wrong(well, f"domain of {merchant}")

    def test_a_clock_that_is_wrong(self, well: AtStripe) -> None:
        with well.app():
            checks = stripe_doctor.examine(time.time() + 400)
        (clock,) = [check for check in checks if not check.ok]
        assert clock.name == "clock"
        assert re.search(r"(399|400|401) s ahead of Stripe's", clock.words)

    def test_a_currency_that_we_can_not_count(self, well: AtStripe) -> None:
        well.control("account", default_currency="xts")
        assert "in xts" in wrong(well, "settlement")

    def test_connect_that_does_not_answer_where_a_merchant_sells(
        self, well: AtStripe, merchant: str
    ) -> None:
        well.setup()
        well.fail("forbidden", "/v2/core/accounts$")
        assert "accounts v2 do not" in wrong(well, "Connect")


def test_a_missing_destination_of_merchants_may_wait_for_the_first_one(
    well: AtStripe,
) -> None:
    well.destinations.delete(well.one("connect").id)
    code, output = well.doctor()
    assert "needed once a merchant sells" in line(output, "destination connect")
    assert code == 0


def test_the_moment_when_a_secret_last_fitted_is_told(well: AtStripe) -> None:
    assert "no event has come yet" in line(well.doctor()[1], "destination thin")
    well.receive("STRIPE_THIN_WEBHOOK_SECRET")
    output = well.doctor()[1]
    told = re.search(r"last fitted at (\S+ \S+) UTC", line(output, "destination thin"))
    assert told
    moment = dt.datetime.fromisoformat(f"{told[1]}+00:00")
    assert abs((moment - dt.datetime.now(dt.UTC)).total_seconds()) < 60
    assert "no event has come yet" in line(output, "destination account")


def test_where_stripe_is_away_nothing_is_put_into_its_mouth(well: AtStripe) -> None:
    well.settings["STRIPE_API_BASE"] = f"http://127.0.0.1:{free_port()}"
    code, output = well.doctor()
    assert code == 1
    assert "Stripe said" not in output
    for name in ("secret key", "destination account", "domain"):
        assert line(output, name) == f"WRONG  {name}: Stripe can't be reached from here"


class TestWithWrite:
    @pytest.fixture
    def reachable(self, at_stripe: AtStripe, tmp_path: Path) -> Iterator[AtStripe]:
        """All is set up, and our web server runs."""
        port = free_port()
        at_stripe.url = f"http://127.0.0.1:{port}"
        at_stripe.setup()
        with Web(tmp_path, at_stripe.settings, port):
            yield at_stripe

    def test_a_ping_to_each_destination_arrives(self, reachable: AtStripe) -> None:
        code, output = reachable.doctor("--write")
        assert code == 0, output
        assert output.index("post a ping") < output.index("secret key")
        for name in ("account", "connect", "thin"):
            assert "its secret last fitted at" in line(output, f"destination {name}")
        assert "of the same account" in line(output, "publishable key")
        assert reachable.client.v1.payment_intents.list().data[0].status == "canceled"

    @pytest.mark.parametrize(
        ("kind", "path"), [("refund", "/v1/refunds$"), ("dispute", r"/v1/disputes/\w+$")]
    )
    def test_a_permission_that_the_key_lacks_is_named(
        self, reachable: AtStripe, kind: str, path: str
    ) -> None:
        reachable.fail("forbidden", path)
        code, output = reachable.doctor("--write")
        assert re.findall(r"^WRONG  (.*?):", output, re.MULTILINE) == [f"permission {kind}"]
        assert code == 1

    def test_a_ping_that_does_not_arrive_is_named(
        self, well: AtStripe, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(stripe_destination_checks, "PING_SECONDS", 0.5)
        assert "a ping did not arrive" in line(well.doctor("--write")[1], "destination account")


class TestAsAJob:
    def test_what_is_wrong_is_an_alert(self, app: Flask) -> None:
        with app.app_context():
            stripe_doctor.run("start", claim("start"))
            alerts = list(db.session.scalars(select(Alert)))
        assert [alert.kind for alert in alerts] == ["stripe_doctor"]
        assert "destination account: none at" in alerts[0].message

    def test_what_is_right_is_none(self, well: AtStripe) -> None:
        with well.app():
            stripe_doctor.run("start", claim("start"))
            assert list(db.session.scalars(select(Alert))) == []

    def test_a_start_beside_the_stand_in_stages_nothing(self, app: Flask) -> None:
        with app.app_context():
            stripe_doctor.stage_at_start()
            assert _staged() == 0

    def test_a_sweeper_that_starts_with_the_real_stripe_stages_one(
        self, app: Flask, settings: dict[str, str], tmp_path: Path
    ) -> None:
        with app.app_context(), Sweeper(tmp_path, settings | {"STRIPE_API_BASE": ""}):
            assert wait_until(lambda: _staged() == 1, 30)


class TestOnTheStaffsPage:
    def test_before_the_first_time(self, staff_driver: StaffDriver) -> None:
        assert "Not looked at yet" in _page(staff_driver)

    def test_the_last_result(self, app: Flask, staff_driver: StaffDriver) -> None:
        with app.app_context():
            stripe_doctor.examine()
        page = _page(staff_driver)
        assert "Problems" in page
        assert "none at http://127.0.0.1:8000/webhooks/stripe for our account" in page

    def test_is_for_admins_alone(self, staff_driver: StaffDriver) -> None:
        browser = staff_driver.signed_in("support")
        assert browser.get("/staff/stripe").status_code == 403


def _page(staff_driver: StaffDriver) -> str:
    return staff_driver.signed_in("admin").get("/staff/stripe").text


def _staged() -> int:
    db.session.rollback()
    query = select(Message).where(Message.command == stripe_doctor.COMMAND)
    return len(list(db.session.scalars(query)))
