"""The sandbox as a process: where it listens, how it ends, what it remembers."""

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import stripe

from parts.process import wait_until
from parts.sandbox import Sandbox
from tests.sandbox.shop import Inbox, confirmed

START = [sys.executable, "-m", "stripe_sandbox", "--port"]


def connect(url: str) -> Any:
    return stripe.StripeClient(
        "sk_test_kept", base_addresses={"api": url}, max_network_retries=0
    ).v1


def test_it_listens_on_loopback_only() -> None:
    refused = subprocess.run(
        [*START, "0", "--host", "0.0.0.0"], capture_output=True, text=True, check=False
    )
    assert refused.returncode == 2
    assert "127.0.0.1 only" in refused.stderr


def test_a_taken_port_is_one_sentence(sandbox_url: str) -> None:
    refused = subprocess.run(
        [*START, sandbox_url.rpartition(":")[2]], capture_output=True, text=True, check=False
    )
    assert refused.returncode == 1
    assert len(refused.stderr.splitlines()) == 1


def test_it_ends_cleanly_when_asked() -> None:
    with subprocess.Popen([*START, "0"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert "ready" in process.stdout.readline()
        process.terminate()
        assert process.wait(10) == 0


def test_a_hanging_endpoint_does_not_keep_it_from_ending(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with Sandbox(tmp_path, webhook_url=url, webhook_secrets=("whsec_given",)) as sandbox:
            connect(sandbox.url).customers.create({})
            with silent.accept()[0]:
                sandbox.signal(signal.SIGTERM)
                assert wait_until(lambda: not sandbox.is_running(), 5)


@pytest.mark.parametrize("ending", ["stop", "kill"])
def test_a_restart_keeps_everything(tmp_path: Path, ending: str) -> None:
    with Sandbox(tmp_path) as sandbox:
        made = connect(sandbox.url).payment_intents.create(confirmed(), {"idempotency_key": "k"})
        getattr(sandbox, ending)()
        sandbox.start()
        again = connect(sandbox.url).payment_intents.create(confirmed(), {"idempotency_key": "k"})
        found = connect(sandbox.url).payment_intents.retrieve(made.id)
    assert (again.id, found.status) == (made.id, "succeeded")


def test_the_command_lines_destinations_hear_every_account_each_with_its_secret(
    tmp_path: Path, inbox: Inbox
) -> None:
    secrets = ("whsec_account", "whsec_connect", "whsec_thin")
    with Sandbox(tmp_path, webhook_url=inbox.url, webhook_secrets=secrets) as sandbox:
        v1 = connect(sandbox.url)
        v1.payment_intents.create(confirmed())
        account = v1.accounts.create({"type": "express"}).id
        v1.accounts.update(account, {"email": "juniper@example.com"})
        inbox.wait_for("payment_intent.succeeded", "account.updated", "v2.core.account.updated")
    for body, header in inbox.posts:
        event = json.loads(body)
        of_merchant = "connect" if "account" in event else "account"
        kind = "thin" if event["object"] == "v2.core.event" else of_merchant
        assert stripe.WebhookSignature.verify_header(body.decode(), header, f"whsec_{kind}")
