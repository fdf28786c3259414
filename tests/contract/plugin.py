"""One contract suite, two judges: the stand-in in `make test`, Stripe's test mode in
`make test-stripe`, which keeps its answers. What is kept, the stand-in must answer too."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import stripe

from tests.contract.compare import answer_differences
from tests.contract.recorder import Recorder

RECORDINGS = Path(__file__).parent / "recordings"
_TEST_KEY = re.compile(r"(sk|rk)_test_\w+")
_PROPERTY = "held_to_a_recording"
_NOT_AT_STRIPE = {"control", "inbox", "browser", "sandbox_url"}


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("contract", "the contract with Stripe")
    group.addoption("--record-from", metavar="URL", help="record its answers to STRIPE_TEST_KEY")
    group.addoption("--recordings", type=Path, default=RECORDINGS, metavar="DIRECTORY")


def pytest_configure(config: pytest.Config) -> None:
    """Nothing is asked with a key that could move money, and nothing else is kept as Stripe's."""
    url = config.getoption("record_from")
    if not url:
        return
    if not _TEST_KEY.fullmatch(os.environ.get("STRIPE_TEST_KEY", "")):
        raise pytest.UsageError("STRIPE_TEST_KEY must begin with sk_test_ or rk_test_")
    if url != stripe.DEFAULT_API_BASE and config.getoption("recordings").resolve() == RECORDINGS:
        raise pytest.UsageError(f"{url} is not Stripe: name another folder in --recordings")
    config.option.markexpr = "contract"


def recording_of(config: pytest.Config, nodeid: str) -> Path:
    file, _, name = nodeid.partition("::")
    directory: Path = config.getoption("recordings")
    return directory / f"{Path(file).stem}.{quote(name, safe='[]')}.json"


@pytest.fixture
def recorder(request: pytest.FixtureRequest) -> Iterator[Recorder]:
    """In a test of the contract, what it heard is kept, or held against what was kept."""
    recorder = Recorder()
    yield recorder
    recorder.close()
    if request.node.get_closest_marker("contract") is None:
        return
    assert not _NOT_AT_STRIPE & set(request.node.fixturenames), "Stripe has no such thing"
    file = recording_of(request.config, request.node.nodeid)
    request.node.user_properties.append((_PROPERTY, file.exists()))
    if url := request.config.getoption("record_from"):
        if recorder.failed:
            return
        file.parent.mkdir(parents=True, exist_ok=True)
        kept = {"from": url, "version": stripe.api_version, "answers": recorder.answers()}
        file.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")
    elif file.exists():
        recorded = json.loads(file.read_text())["answers"]
        if found := list(answer_differences(recorded, recorder.answers())):
            pytest.fail("\n".join(["Stripe answered otherwise:", *found]), pytrace=False)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """A run that held nothing against Stripe says so."""
    ran = [
        dict(report.user_properties)[_PROPERTY]
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", None) == "teardown" and _PROPERTY in dict(report.user_properties)
    ]
    if ran and not config.getoption("record_from"):
        terminalreporter.write_line(
            f"Contract with Stripe: {len(ran)} tests, {sum(ran)} held to its recorded answers"
        )
