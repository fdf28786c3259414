import json
import os
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from parts.http import answers
from parts.ports import free_port
from parts.process import Process, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


class Launcher(Process):
    """`make run` after the installation."""

    def __init__(self, directory: Path) -> None:
        self.port = free_port()
        self.data = directory / "data"
        env = os.environ | {"PORT": str(self.port), "DATA_DIR": str(self.data)}
        super().__init__("demo", [sys.executable, "-m", "demo"], directory / "out", env=env)

    def launch(self) -> None:
        self.log.unlink(missing_ok=True)  # of an earlier start, which was ready
        super().launch()

    def is_ready(self) -> bool:
        return f"Ready: http://127.0.0.1:{self.port}" in self.log.read_text()


@pytest.fixture(scope="module")
def launcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launcher]:
    launcher = Launcher(tmp_path_factory.mktemp("demo"))
    yield launcher
    launcher.stop(within=70)


@pytest.fixture
def demo(launcher: Launcher) -> Launcher:
    """It runs; it is started anew after a test that ended it."""
    return launcher if launcher.is_running() else launcher.start(within=150)


def processes_of(directory: Path) -> list[str]:
    """Command lines that name the directory, or that a program of the run inherited it in."""
    found = []
    for proc in Path("/proc").glob("[0-9]*"):
        try:
            command, env = (proc / "cmdline").read_bytes(), (proc / "environ").read_bytes()
        except OSError:
            continue
        if os.fsencode(directory) in command + env:
            found.append(command.decode(errors="replace"))
    return found


def test_the_shop_answers_once_the_demo_says_ready(demo: Launcher) -> None:
    assert answers(f"http://127.0.0.1:{demo.port}/")


def test_the_demo_prints_the_staff_login(demo: Launcher) -> None:
    assert re.search(r"staff@example\.com +password \S+", demo.log.read_text())


def test_the_demo_prints_a_line_to_copy_for_the_quickstart(demo: Launcher) -> None:
    (line,) = re.findall(r"^ *export PAY=\S+ KEY=pay_test_\S+$", demo.log.read_text(), re.MULTILINE)
    calls = f'{line}; curl -s "$PAY/api/v1/payments" -H "Authorization: Bearer $KEY"'
    done = subprocess.run(["sh", "-c", calls], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == {"data": [], "has_more": False}


def test_the_demo_has_the_commands_of_the_product(demo: Launcher) -> None:
    (program,) = re.findall(r"Commands: (\S+) --help", demo.log.read_text())
    assert Path(program).stat().st_mode & 0o077 == 0
    url = "http://127.0.0.1:9/hook"
    words = [program, "merchants", "add-endpoint", url, "--topic", "payment_captured"]
    done = subprocess.run(words, cwd="/", env={}, capture_output=True, text=True, check=False)
    assert re.fullmatch(r"whe_\w+\nwhsec_\S+\n", done.stdout), done.stderr


def test_the_demo_says_where_its_mails_are_read(demo: Launcher) -> None:
    (address,) = re.findall(r"Mails: (\S+)", demo.log.read_text())
    assert answers(address)


def test_the_demos_merchants_sell_and_who_is_not_onboarded_does_not(demo: Launcher) -> None:
    def buy(item: str) -> int:
        wish = {"item": item, "email": "ada@example.com", "payment_method": "pm_card_visa"}
        url = f"http://127.0.0.1:{demo.port}/transactions"
        key = {"Idempotency-Key": secrets.token_hex(8)}
        return requests.post(url, json=wish, headers=key, timeout=10).status_code

    assert wait_until(lambda: buy("letterpress-print") == 202, within=60)
    assert wait_until(lambda: buy("coffee-beans") == 202, within=60)
    assert buy("seed-box") == 409


def test_a_killed_demo_can_be_started_again(demo: Launcher) -> None:
    demo.kill()
    demo.start(within=150)
    assert answers(f"http://127.0.0.1:{demo.port}/readyz")


def test_sigterm_stops_everything_the_demo_started(demo: Launcher) -> None:
    demo.signal(demo.stop_signal)
    assert wait_until(lambda: processes_of(demo.data) == [], within=70)
    demo.stop()
