"""The judge by Stripe's TypeScript types, as far as it needs no Node."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.stripe_types.node import bodies, compiler, planted
from tests.stripe_types.node.__main__ import SCRIPTS, main
from tests.stripe_types.node.recorder import Recording

CODE = "payment_method_types_no_longer_supported"


def test_without_node_it_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main() == 1
    said = capsys.readouterr().err
    assert (
        said == "This needs Node 20 or newer, and npm: install them (on Debian: nodejs and npm).\n"
    )


def test_an_old_node_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("node", "npm"):
        (tmp_path / name).write_text("#!/bin/sh\necho v18.19.0\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(compiler.Unusable, match="needs Node 20 or newer"):
        compiler.install()


def test_the_releases_are_pinned_and_no_registry_is_named() -> None:
    wanted = json.loads((compiler.HERE / "package.json").read_text())["devDependencies"]
    text = (compiler.HERE / "package-lock.json").read_text()
    locked = json.loads(text)["packages"]
    assert {name: locked[f"node_modules/{name}"]["version"] for name in wanted} == wanted
    assert "resolved" not in text
    assert "://" not in text


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"object": "payment_intent"}, "Stripe.PaymentIntent"),
        ({"object": "radar.early_fraud_warning"}, "Stripe.Radar.EarlyFraudWarning"),
        ({"object": "customer", "deleted": True}, "Stripe.DeletedCustomer"),
        ({"object": "list", "data": []}, "Stripe.ApiList<never>"),
        ({"object": "list", "data": [{"object": "refund"}]}, "Stripe.ApiList<Stripe.Refund>"),
        (
            {"object": "event", "type": "charge.failed"},
            'Extract<Stripe.Event, { type: "charge.failed" }>',
        ),
        (
            {"error": {"type": "card_error"}},
            "{ error: Stripe.PaymentIntent.LastPaymentError }",
        ),
        ({"object": "v2.core.account_link"}, "Stripe.V2.Core.AccountLink"),
        ({"data": [], "next_page_url": None}, "Stripe.V2List<never>"),
        ({"data": [{"object": "v2.core.account"}]}, "Stripe.V2List<Stripe.V2.Core.Account>"),
        ({"id": "ed_1", "object": "v2.core.event_destination"}, "Stripe.V2.DeletedObject"),
    ],
)
def test_a_body_is_judged_by_the_type_of_its_kind(body: dict[str, Any], kind: str) -> None:
    assert bodies.type_of(body) == kind


def test_an_error_without_a_type_may_only_be_one_of_v2() -> None:
    kind = bodies.type_of({"error": {"code": "not_found", "message": "No such account."}})
    assert '"not_found"' in kind
    assert "resource_missing" not in kind


def test_bodies_that_differ_by_ids_and_numbers_are_judged_once() -> None:
    refund = {"object": "refund", "id": "re_1", "amount": 5, "status": "succeeded"}
    others = [refund | {"id": "re_2", "amount": 6}, refund | {"status": "failed"}]
    assert len(bodies.distinct([refund, *others])) == 2


def test_only_what_is_left_out_fits_every_type() -> None:
    assert bodies.source([{"error": {"code": CODE, "param": CODE}}]).endswith(
        f'= {{ "error": {{ "code": "{CODE}" as never, "param": "{CODE}" }} }};\n'
    )


def test_a_recording_names_what_was_never_seen() -> None:
    missing = Recording().never_seen()
    assert {
        "POST ^/v1/payment_intents$",
        "charge.dispute.created",
        "setup_intent.setup_failed",
        "v2.core.account[requirements].updated",
        "GET ^/v2/core/accounts$",
        "v2.core.event_destination.ping",
    } <= set(missing)


def test_a_judge_that_says_nothing_is_told_each_planted_mistake() -> None:
    ours = {path.name: path.read_text() for path in SCRIPTS.glob("*.js")}
    wrong = planted.scripts(ours)
    assert not set(wrong.values()) & set(ours.values())
    answers = planted.bodies(
        [
            {"object": "payment_intent", "amount": 5, "currency": "usd"},
            {"object": "v2.core.account"},
        ]
    )
    said: dict[str, list[tuple[int, str]]] = {name: [] for name in ("planted.ts", *wrong)}
    assert len(planted.unnoticed(said)) == len(answers) + len(wrong)
