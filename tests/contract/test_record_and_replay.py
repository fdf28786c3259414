"""`make test-stripe` records, and `make test` holds the stand-in to it: tried on a second stand-in
in Stripe's place, as it is and with an altered answer."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import stripe

from parts.app import REPOSITORY
from parts.sandbox import Sandbox
from tests.contract.plugin import RECORDINGS
from tests.contract.spoil import spoil

KEY = "sk_test_recorded"
TEST = "tests/sandbox/test_sandbox_payment_intents.py::test_an_open_intent_can_be_cancelled"
NAME = "test_sandbox_payment_intents.test_an_open_intent_can_be_cancelled.json"


# The key of whoever runs these tests, and what a make around them says to one within.
NOT_KEPT = {"STRIPE_TEST_KEY", "MAKEFLAGS", "MAKELEVEL", "MFLAGS"}


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name not in NOT_KEPT}
    return subprocess.run(
        command, cwd=REPOSITORY, env=kept | environment, capture_output=True, text=True, check=False
    )


def make_test_stripe(key: str, base: str, into: Path) -> subprocess.CompletedProcess[str]:
    """Of one test, with this Python."""
    variables = (f"VENV={sys.prefix}", f"STRIPE_BASE={base}", f"RECORDINGS={into}")
    return run(
        *("make", "-o", "venv-test", "test-stripe", *variables),
        STRIPE_TEST_KEY=key,
        PYTEST_ADDOPTS="-k test_an_open_intent_can_be_cancelled",
    )


def replay(recordings: Path, sandbox_url: str) -> subprocess.CompletedProcess[str]:
    command = (sys.executable, "-m", "pytest", "-q", TEST, "--recordings", str(recordings))
    return run(*command, TEST_SANDBOX_URL=sandbox_url)


@pytest.fixture
def other(tmp_path: Path) -> Iterator[str]:
    """A stand-in in Stripe's place."""
    with Sandbox(tmp_path, keep=False) as sandbox:
        yield sandbox.url


def test_without_a_key_nothing_is_run() -> None:
    done = run("make", "test-stripe")
    assert (done.returncode, done.stdout) == (0, "not run: set STRIPE_TEST_KEY\n")


@pytest.mark.parametrize("key", ["sk_live_abc", "pk_test_abc"])
def test_a_key_that_is_no_secret_test_key_is_refused_before_any_call(
    tmp_path: Path, key: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        done = make_test_stripe(key, f"http://127.0.0.1:{silent.getsockname()[1]}", tmp_path)
        silent.setblocking(False)
        with pytest.raises(BlockingIOError):
            silent.accept()
    assert done.returncode != 0
    assert "STRIPE_TEST_KEY must begin with sk_test_ or rk_test_" in done.stderr
    assert not list(tmp_path.iterdir())


def test_what_is_not_stripe_is_not_recorded_as_stripe() -> None:
    done = make_test_stripe(KEY, "http://127.0.0.1:9", RECORDINGS)
    assert done.returncode != 0
    assert "http://127.0.0.1:9 is not Stripe" in done.stderr


def test_what_stripe_did_not_answer_is_not_recorded(tmp_path: Path, other: str) -> None:
    spoil(other, KEY, "unauthorized")
    recordings = tmp_path / "recordings"
    assert make_test_stripe(KEY, other, recordings).returncode != 0
    assert not recordings.exists()


def test_a_recording_is_held_against_the_stand_in(
    tmp_path: Path, other: str, sandbox_url: str
) -> None:
    recordings = tmp_path / "recordings"
    done = make_test_stripe(KEY, other, recordings)
    assert done.returncode == 0, done.stdout
    recorded = (recordings / NAME).read_text()
    assert json.loads(recorded)["from"] == other
    assert not [hidden for hidden in (KEY, "Authorization", "Bearer") if hidden in recorded]
    done = replay(recordings, sandbox_url)
    assert done.returncode == 0, done.stdout
    assert "1 tests, 1 held to its recorded answers" in done.stdout


def test_a_recording_that_the_stand_in_does_not_reproduce_is_red(
    tmp_path: Path, other: str, sandbox_url: str
) -> None:
    recordings = tmp_path / "recordings"
    spoil(other, KEY, "say", colour="red", cancellation_reason="abandoned", amount="1099")
    assert make_test_stripe(KEY, other, recordings).returncode == 0
    done = replay(recordings, sandbox_url)
    assert done.returncode == 1
    place = "1. POST /v1/payment_intents: body."
    assert f"{place}colour is missing" in done.stdout
    assert f"{place}amount is int, at Stripe str" in done.stdout
    assert f"{place}cancellation_reason is NoneType, at Stripe str" in done.stdout


def test_a_run_without_a_recording_says_so_and_passes(tmp_path: Path, sandbox_url: str) -> None:
    done = replay(tmp_path, sandbox_url)
    assert done.returncode == 0, done.stdout
    assert "Contract with Stripe: 1 tests, 0 held to its recorded answers" in done.stdout


def test_what_is_kept_comes_from_stripe_and_belongs_to_a_test() -> None:
    for file in RECORDINGS.glob("*.json"):
        assert json.loads(file.read_text())["from"] == stripe.DEFAULT_API_BASE
        module, test, *_ = file.stem.partition("[")[0].split(".")
        assert f"def {test}(" in (REPOSITORY / "tests/sandbox" / f"{module}.py").read_text()
