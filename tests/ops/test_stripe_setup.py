"""Setup: shows before it does, does it once, and replaces without losing an event."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from payments_app.core.logs import JsonFormatter
from payments_app.gateway.client import API_VERSION
from payments_app.gateway.results import Answer, Verdict
from payments_app.inbound.kinds import HANDLINGS, THIN_HANDLINGS
from payments_app.ops.stripe_setup import Made
from tests.merchants.connected_merchants import create_ready_merchant
from tests.ops.at_stripe import ADDRESS, AtStripe
from tests.payments.driver import PaymentDriver

pytestmark = [pytest.mark.portable, pytest.mark.alone]

OLD_VERSION = "2026-03-25.dahlia"


@pytest.fixture
def outdated(at_stripe: AtStripe) -> AtStripe:
    """All is set up, but our account's destination is of an older version."""
    at_stripe.setup()
    at_stripe.destinations.delete(at_stripe.one("account").id)
    old: Any = {"url": ADDRESS, "enabled_events": sorted(HANDLINGS), "api_version": OLD_VERSION}
    made = at_stripe.client.v1.webhook_endpoints.create(old)
    at_stripe.settings["STRIPE_WEBHOOK_SECRET"] = str(made.secret)
    return at_stripe


def versions(at_stripe: AtStripe, *, enabled: bool = True) -> list[str]:
    """Of the destinations of our own account."""
    listed = at_stripe.listed(enabled=enabled)
    return [each.snapshot_api_version for each in listed if each.events_from == ["@self"]]


def test_it_shows_what_it_would_do_and_does_nothing(at_stripe: AtStripe) -> None:
    result = at_stripe.run("setup")
    assert result.exit_code == 0
    assert result.output.count("to do") == 4
    assert "connected accounts' thin events: 7 thin events" in result.output
    assert "Nothing was done. With --yes it is." in result.output
    assert at_stripe.listed() == []
    assert at_stripe.client.v1.payment_method_domains.list().data == []


def test_it_adds_what_the_handlers_name(at_stripe: AtStripe) -> None:
    at_stripe.setup()
    for name in ("account", "connect"):
        found = at_stripe.one(name)
        assert set(found.enabled_events) == set(HANDLINGS)
        assert (found.snapshot_api_version, found.webhook_endpoint.url) == (API_VERSION, ADDRESS)
    assert set(at_stripe.one("thin").enabled_events) == set(THIN_HANDLINGS)
    domains = at_stripe.client.v1.payment_method_domains.list().data
    assert [each.domain_name for each in domains] == ["pay.example.com"]


def test_secrets_are_shown_once_and_logged_nowhere(
    at_stripe: AtStripe, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        output = at_stripe.setup()
    secrets = [line.partition("=")[2] for line in output.splitlines() if "=whsec_" in line]
    assert len(set(secrets)) == 3
    lines = [JsonFormatter().format(record) for record in caplog.records]
    assert any("whsec_[cut]" in line for line in lines)
    assert not [line for line in lines if any(secret in line for secret in secrets)]
    assert "whsec_" not in at_stripe.run("setup", "--yes").output


def test_no_secret_is_in_what_a_traceback_would_show() -> None:
    made = Made(Answer("destination_create", Verdict.ANSWERED), "whsec_abc123", "WHERE")
    assert "abc123" not in repr(made)


def test_a_second_run_finds_nothing_to_do(at_stripe: AtStripe) -> None:
    at_stripe.setup()
    before = [each.id for each in at_stripe.listed()]
    assert at_stripe.setup() == "Nothing is to be done.\n"
    assert [each.id for each in at_stripe.listed()] == before


def test_a_second_run_before_the_secrets_are_in_the_settings_adds_nothing(
    at_stripe: AtStripe,
) -> None:
    at_stripe.run("setup", "--yes")
    output = at_stripe.run("setup", "--yes").output
    assert output.count("put its secret into") == 3
    assert "Nothing is to be done." in output
    assert len(at_stripe.listed()) == 3


def test_another_version_gets_a_successor_and_is_disabled_once_that_delivers(
    outdated: AtStripe,
) -> None:
    output = outdated.setup()
    assert f"add a successor for our account's events: {len(HANDLINGS)} snapshot" in output
    assert versions(outdated) == [OLD_VERSION, API_VERSION]
    assert "stays until its successor delivers" in outdated.setup()
    assert versions(outdated) == [OLD_VERSION, API_VERSION]
    outdated.receive("STRIPE_WEBHOOK_SECRET")
    assert "disable it" in outdated.setup()
    assert (versions(outdated), versions(outdated, enabled=False)) == ([API_VERSION], [OLD_VERSION])
    assert outdated.setup() == "Nothing is to be done.\n"


def test_an_event_of_the_old_one_does_not_disable_it(outdated: AtStripe) -> None:
    outdated.run("setup", "--yes")
    outdated.receive("STRIPE_WEBHOOK_SECRET")
    assert "stays until its successor delivers" in outdated.run("setup", "--yes").output
    assert versions(outdated) == [OLD_VERSION, API_VERSION]


def test_a_lost_secret_gets_a_successor_too(at_stripe: AtStripe) -> None:
    at_stripe.run("setup", "--yes")
    lost = at_stripe.one("account").id
    at_stripe.setup("--secret-lost", "account")
    assert len(versions(at_stripe)) == 2
    at_stripe.receive("STRIPE_WEBHOOK_SECRET")
    assert f"{lost}: disable it" in at_stripe.run("setup", "--yes").output
    assert [at_stripe.one("account").id] != [lost]


def test_an_answer_that_got_lost_leaves_a_secret_that_is_said_to_be_missing(
    at_stripe: AtStripe,
) -> None:
    at_stripe.control(
        "faults", fault="drop_after", match={"method": "POST", "path": "event_destinations$"}
    )
    result = at_stripe.run("setup", "--yes")
    assert (result.exit_code, result.output.count("NOT DONE")) == (1, 1)
    at_stripe.keep_secrets(result.output)
    again = at_stripe.run("setup", "--yes").output
    assert "`--secret-lost account`" in again
    assert len(at_stripe.listed()) == 3


def test_events_are_changed_in_place(at_stripe: AtStripe) -> None:
    at_stripe.setup()
    found = at_stripe.one("connect")
    events = [*found.enabled_events, "price.created"]
    events.remove("refund.failed")
    at_stripe.destinations.update(found.id, {"enabled_events": events})
    assert "+refund.failed -price.created" in at_stripe.setup()
    assert set(at_stripe.one("connect").enabled_events) == set(HANDLINGS)


def test_a_disabled_destination_is_enabled_again(at_stripe: AtStripe) -> None:
    at_stripe.setup()
    id_ = at_stripe.one("thin").id
    at_stripe.destinations.disable(id_)
    assert f"{id_}: enable it" in at_stripe.setup()
    assert at_stripe.one("thin").id == id_


def test_a_refusal_is_told_and_the_rest_is_done(at_stripe: AtStripe) -> None:
    words = {"message": "No wallets in this country."}
    match = {"method": "POST", "path": "payment_method_domains$"}
    at_stripe.control("faults", fault="refuse", match=match, set=words)
    result = at_stripe.run("setup", "--yes")
    assert result.exit_code == 1
    assert "No wallets in this country." in result.output
    assert len(at_stripe.listed()) == 3


def test_a_domain_is_registered_on_an_account_that_is_charged_directly(
    at_stripe: AtStripe,
) -> None:
    with at_stripe.app() as app:
        create_ready_merchant(PaymentDriver(app), charge_type="direct")
    at_stripe.setup()
    account = at_stripe.client.v1.accounts.list().data[0].id
    listed = at_stripe.client.v1.payment_method_domains.list({}, {"stripe_account": account})
    assert [each.domain_name for each in listed.data] == ["pay.example.com"]


def test_an_address_that_stripe_can_not_reach_is_refused(at_stripe: AtStripe) -> None:
    at_stripe.url, at_stripe.settings["STRIPE_API_BASE"] = "http://127.0.0.1:8000", ""
    result = at_stripe.run("setup", "--yes")
    assert result.exit_code == 1
    assert "stripe listen" in result.output


def test_what_stripe_does_not_list_is_not_made_again(at_stripe: AtStripe) -> None:
    at_stripe.fail("500_before", "event_destinations$")
    result = at_stripe.run("setup", "--yes")
    assert result.exit_code == 1
    assert "nothing is known of what is there" in result.output
