"""The quickstart of the API and its clients do what they say, as they are written."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask
from standardwebhooks import WebhookVerificationError

from parts.app import Web
from parts.process import wait_until
from payments_app.core.web.signing import signed_headers
from payments_app.merchants.endpoints import new_secret
from tests.api.application import ASKED, new_key

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
_CALL = re.compile(r"<!-- (\w+) -->\n\n((?:    .*\n)+)")
CALLS = dict(_CALL.findall((ROOT / "docs/quickstart-api.md").read_text()))


@pytest.fixture
def queues() -> tuple[str, ...]:
    return ("charges", "payment_standard")


@pytest.fixture
def environment(site: Web, app: Flask) -> dict[str, str]:
    return os.environ | {"PAY": site.url, "KEY": new_key(app)}


def run(words: list[str], environment: dict[str, str]) -> str:
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def call(name: str, environment: dict[str, str], **more: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(["bash", "-c", CALLS[name]], environment | more))
    return found


def pay(next_url: str, environment: dict[str, str]) -> None:
    assert call("pay", environment, NEXT_URL=next_url)["state"] == "pending"


def ask(environment: dict[str, str], **more: Any) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {environment['KEY']}", "Idempotency-Key": "ask-1"}
    url = f"{environment['PAY']}/api/v1/payments"
    found: dict[str, Any] = requests.post(
        url, json=ASKED | more, headers=headers, timeout=10
    ).json()
    return found


def test_three_calls_ask_read_and_refund(environment: dict[str, str]) -> None:
    asked = call("ask", environment)
    assert asked["next_url"].startswith(f"{environment['PAY']}/checkout/{asked['id']}-")
    assert requests.get(asked["next_url"], timeout=10).status_code == 200
    pay(asked["next_url"], environment)
    status = ""
    for _ in range(200):
        status = call("read", environment, ID=asked["id"])["status"]
        if status == "succeeded":
            break
    assert status == "succeeded"
    refund = call("refund", environment, ID=asked["id"])
    assert (refund["amount"], refund["status"]) == (500, "requested")
    assert call("refund", environment, ID=asked["id"])["id"] == refund["id"]


CLIENTS = [[sys.executable, "client.py"], ["node", "client.mjs"], ["php", "client.php"]]


@pytest.mark.parametrize("words", CLIENTS)
@pytest.mark.parametrize("given", [{}, {"PAY": "http://127.0.0.1:1"}, {"KEY": "pay_test_1"}])
def test_a_client_without_address_or_key_says_what_to_set(
    words: list[str], given: dict[str, str]
) -> None:
    bare = {name: value for name, value in os.environ.items() if name not in ("PAY", "KEY")}
    command = [*words[:-1], str(ROOT / "examples" / words[-1])]
    done = subprocess.run(command, env=bare | given, capture_output=True, text=True, timeout=60)
    said = "Set PAY and KEY, as docs/quickstart-api.md says.\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", said)


@pytest.mark.parametrize("words", CLIENTS)
def test_a_client_waits_until_its_buyer_has_paid(
    environment: dict[str, str], words: list[str]
) -> None:
    client = subprocess.Popen(
        [*words[:-1], str(ROOT / "examples" / words[-1])],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    with client:
        assert client.stdout is not None
        next_url = client.stdout.readline().rpartition(" ")[2].strip()
        pay(next_url, environment)
        asked = next_url.rpartition("/")[2].partition("-")[0]
        assert client.communicate(timeout=60)[0].strip() == f"{asked} succeeded"


def test_a_kept_card_is_charged_without_its_owner(environment: dict[str, str]) -> None:
    assert call("customer", environment)["id"] == "ada-7"
    asked = ask(environment, customer="ada-7", save_card=True)
    pay(asked["next_url"], environment)
    cards: list[dict[str, Any]] = []

    def are_kept() -> bool:
        cards[:] = call("cards", environment)["data"]
        return bool(cards)

    assert wait_until(are_kept, within=60)
    made = call("charge", environment, CARD=cards[0]["payment_method"])
    assert made["status"] == "processing"

    def is_paid() -> bool:
        return bool(call("read", environment, ID=made["id"])["status"] == "succeeded")

    assert wait_until(is_paid, within=60)


TIME = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z")


def differing(documented: Any, sent: Any, name: str = "") -> list[str]:
    """What is documented and was not sent so, or was sent beside it; `...` and a time stand for any
    of their kind."""
    if isinstance(documented, dict):
        found = [f"{name}.{one}" for one in set(documented) ^ set(sent)]
        for one in set(documented) & set(sent):
            found += differing(documented[one], sent[one], f"{name}.{one}")
        return found
    words = str(documented)
    if "..." in words:
        begin, _, end = words.partition("...")
        same = sent.startswith(begin) and sent.endswith(end)
    else:
        same = documented == sent or (TIME.fullmatch(words) and TIME.fullmatch(str(sent)))
    return [] if same else [f"{name}: {sent!r}"]


def test_an_event_looks_as_it_is_shown(environment: dict[str, str]) -> None:
    asked = call("ask", environment)
    pay(asked["next_url"], environment)
    headers = {"Authorization": f"Bearer {environment['KEY']}"}
    events: list[dict[str, Any]] = []

    def are_there() -> bool:
        url = f"{environment['PAY']}/api/v1/events"
        events[:] = requests.get(url, headers=headers, timeout=10).json()["data"]
        return bool(events)

    assert wait_until(are_there, within=60)
    assert differing(json.loads(CALLS["event"]), events[0]) == []
    assert events[0]["data"]["payment"]["paid_for"]["id"] == asked["id"]


def test_the_library_verifies_a_webhook_as_it_is_shown() -> None:
    secret, body = new_secret(), json.dumps({"type": "payment_captured"})
    lines = [line.removeprefix("    ") for line in CALLS["verify"].splitlines()]
    shown = "\n".join(lines).replace("whsec_...", secret)
    headers = signed_headers("webhook_1", int(time.time()), body, [secret])
    found: dict[str, Any] = {"headers": headers, "body": body.encode()}
    exec(shown, found)
    assert found["event"] == json.loads(body)
    with pytest.raises(WebhookVerificationError):
        exec(shown, found | {"body": body.encode() + b" "})


@pytest.mark.parametrize("name", ["client.py", "client.mjs", "client.php"])
def test_a_client_has_twenty_lines_of_code_at_most(name: str) -> None:
    lines = (ROOT / "examples" / name).read_text().splitlines()
    assert len([line for line in lines if line.strip()]) <= 20
