"""Endpoints from the terminal."""

from __future__ import annotations

import pytest
from flask.testing import FlaskCliRunner

pytestmark = pytest.mark.portable


def test_an_endpoint_is_added_and_listed_with_its_secret_shown_once(cli: FlaskCliRunner) -> None:
    added = cli.invoke(args=["merchants", "add-endpoint", "http://127.0.0.1:9/hook"])
    assert added.exit_code == 0, added.output
    endpoint_id, secret = added.output.split()
    assert secret.startswith("whsec_")
    listed = cli.invoke(args=["merchants", "endpoints"]).output
    assert f"{endpoint_id}  http://127.0.0.1:9/hook  on  all events  0 failures\n" in listed
    assert secret not in listed


def test_a_refused_address_is_said_in_words(cli: FlaskCliRunner) -> None:
    refused = cli.invoke(args=["merchants", "add-endpoint", "https://10.0.0.1/hook"])
    assert refused.exit_code == 1
    assert "10.0.0.1 is not on the public internet" in refused.output


def test_what_is_no_address_is_told_which_will_do(cli: FlaskCliRunner) -> None:
    refused = cli.invoke(args=["merchants", "add-endpoint", "nope"])
    assert refused.exit_code == 1
    assert "begin with https:// (http:// only at localhost and 127.0.0.1)" in refused.output
    for host in ("localhost", "127.0.0.1"):
        added = cli.invoke(args=["merchants", "add-endpoint", f"http://{host}:9/hook"])
        assert added.exit_code == 0, added.output


def test_an_endpoint_is_added_for_some_events_and_unknown_ones_are_refused(
    cli: FlaskCliRunner,
) -> None:
    url = "http://127.0.0.1:9/hook"
    add = ["merchants", "add-endpoint", url, "--topic"]
    assert cli.invoke(args=[*add, "refund_failed"]).exit_code == 0
    assert "  on  refund_failed  0 failures" in cli.invoke(args=["merchants", "endpoints"]).output
    refused = cli.invoke(args=[*add, "everything"])
    assert refused.exit_code == 1
    assert "'everything' is no event. Events: payment_captured," in refused.output
