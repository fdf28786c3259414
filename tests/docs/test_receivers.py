"""The receivers of webhooks in examples/ take what is ours, and nothing else."""

from __future__ import annotations

import base64
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from flask import Flask

from parts.app import Web
from parts.ports import free_port
from parts.process import Process, running, wait_until
from payments_app.core.web.signing import signed_headers
from payments_app.merchants.address import Guard
from payments_app.merchants.endpoints import add_endpoint, rotate_secret
from tests.docs.test_quickstart_api import ROOT, ask, new_key, pay
from tests.merchants.default_merchant import shop_id

pytestmark = pytest.mark.slow
SECRET = "whsec_" + base64.b64encode(b"a secret of the shop's own, 32 b").decode()
OTHER = "whsec_" + base64.b64encode(b"a secret of somebody else's, 32b").decode()
PAID = {"payment": {"paid_for": {"reference": "booking-1"}}}
EXAMPLES = ["receiver.py", "receiver.mjs", "receiver.php"]


class Receiver(Process):
    """A program of examples/, on a port of its own."""

    def __init__(self, name: str, secret: str, directory: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/hook"
        program = str(ROOT / "examples" / name)
        php = ["php", "-S", f"127.0.0.1:{self.port}", program]
        words = {"py": [sys.executable, program], "mjs": ["node", program], "php": php}
        env = os.environ | {"SECRET": secret, "PORT": str(self.port)}
        command = words[name.rpartition(".")[2]]
        super().__init__(name, command, directory / f"{name}.log", env=env)

    def is_ready(self) -> bool:
        try:
            return requests.post(self.url, data=b"", timeout=5).status_code == 401
        except requests.ConnectionError:
            return False

    def said(self) -> str:
        return self.log.read_text()


@pytest.fixture(params=EXAMPLES)
def receiver(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Receiver]:
    with running(one := Receiver(request.param, SECRET, tmp_path)):
        yield one


def send(
    receiver: Receiver, *secrets: str, age: int = 0, data: object = PAID, more: str = ""
) -> int:
    """Post a signed event, with `more` behind it; the status."""
    body = json.dumps({"id": "webhook_1", "type": "payment_captured", "data": data})
    headers = signed_headers("webhook_1", int(time.time()) - age, body, secrets)
    sent = (body + more).encode()
    return requests.post(receiver.url, sent, headers=headers, timeout=10).status_code


def test_what_is_signed_by_the_secret_is_taken(receiver: Receiver) -> None:
    assert send(receiver, SECRET) == 204
    assert "webhook_1 booking-1" in receiver.said()
    assert send(receiver, OTHER, SECRET) == 204  # while a secret is rolled both sign


def test_what_is_not_ours_is_refused(receiver: Receiver) -> None:
    assert send(receiver, OTHER) == 401
    assert send(receiver, SECRET, more=" ") == 401
    assert send(receiver, SECRET, age=600) == 401
    assert send(receiver, SECRET, age=-600) == 401
    assert send(receiver) == 401
    for headers in ({}, {"webhook-signature": "v1,\u00e9"}, {"webhook-timestamp": "x"}):
        odd = {name: value.encode() for name, value in headers.items()}
        assert requests.post(receiver.url, b"{}", headers=odd, timeout=10).status_code == 401
    assert "webhook_1" not in receiver.said()


@pytest.mark.parametrize("data", [{}, {"payment": {"paid_for": None}}])
def test_an_event_about_nothing_of_yours_is_taken(receiver: Receiver, data: object) -> None:
    assert send(receiver, SECRET, data=data) == 204
    assert "webhook_1" in receiver.said()


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_receiver_is_short(name: str) -> None:
    lines = (ROOT / "examples" / name).read_text().splitlines()
    assert len([line for line in lines if line.strip()]) <= 30


class TestOfAPayment:
    """As the quickstart has it: they are endpoints, and a payment is paid."""

    @pytest.fixture
    def queues(self) -> tuple[str, ...]:
        return ("charges", "payment_standard", "webhooks")

    def test_each_is_told(self, app: Flask, site: Web, tmp_path: Path) -> None:
        receivers = []
        with app.app_context():
            for name in EXAMPLES:
                one = Receiver(name, "", tmp_path)
                endpoint = add_endpoint(
                    shop_id(), one.url, guard=Guard(allow_loopback=True), actor="test"
                )
                secret = rotate_secret(endpoint, "test")
                one.env = os.environ | {"PORT": str(one.port), "SECRET": secret}
                receivers.append(one)
        environment = os.environ | {"PAY": site.url, "KEY": new_key(app)}
        with running(*receivers):
            pay(ask(environment, reference="booking-9")["next_url"], environment)
            for one in receivers:
                assert wait_until(lambda one=one: "_payment_captured booking-9" in one.said(), 60)
