"""The parts that can be used alone do what docs/alone.md says, as it is written there."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
BLOCKS = dict(
    re.findall(
        r"```python\n# (\S+)\n(.*?)```", (ROOT / "docs/alone.md").read_text(), flags=re.DOTALL
    )
)
ASK = """
import json

from rooms import app

# Warnings are errors, and an error of the view is raised.
app.testing = True


def asked(key, room, **more):
    headers = {"Idempotency-Key": key} if key else {}
    answer = app.test_client().post("/bookings", json={"room": room}, headers=headers | more)
    told = answer.headers.get("X-Idempotency-Replayed")
    said = answer.json.get("error", {}).get("code") or answer.json["number"]
    return [answer.status_code, said, told]


browser = {"Accept": "text/html"}
print(
    json.dumps(
        [
            asked("k1", "Attic"),
            asked("k1", "Attic"),
            asked("k1", "Cellar", **browser),
            asked("", "Attic"),
            asked("k2", "Attic"),
        ]
    )
)
"""
PACK = """
import json

from payments_app.core.jobs import outbox
from payments_app.core.jobs.runner import run_due_messages
from parcels import pack, payments, sent


@payments.atomic
def spill(session):
    outbox.stage(session, "parcels.send", "prc_2")
    raise LookupError("nothing was packed")


pack("prc_1")
try:
    spill()
except LookupError:
    pass
before = list(sent)
with payments.app.app_context():
    run_due_messages("default")
    run_due_messages("default")
print(json.dumps([before, sent]))
"""


def run(at: Path, *words: str, **env: str) -> str:
    for name, code in BLOCKS.items():
        (at / name).write_text(code)
    done = subprocess.run(
        [sys.executable, "-W", "error", *words],
        cwd=at,
        env=os.environ | {"PYTHONPATH": f"{ROOT}:{at}"} | env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def said(printed: str) -> Any:
    return json.loads(printed.splitlines()[-1])


def test_a_view_of_another_application_runs_once(tmp_path: Path) -> None:
    assert said(run(tmp_path, "-c", ASK)) == [
        [201, 1, "false"],
        [201, 1, "true"],
        [422, "idempotency_key_reuse", None],
        [400, "idempotency_key_missing", None],
        [201, 2, "false"],
    ]


def test_a_command_of_another_application_is_done_once_and_with_its_cause(
    settings: dict[str, str], tmp_path: Path
) -> None:
    assert said(run(tmp_path, "-c", PACK, **settings)) == [[], ["prc_1"]]


def test_the_stand_in_for_stripe_serves_another_application_s_tests(tmp_path: Path) -> None:
    words = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "test_charging.py")
    assert "2 passed" in run(tmp_path, *words, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")


@pytest.mark.parametrize("name", ["rooms.py", "parcels.py", "test_charging.py"])
def test_the_code_of_the_page_is_written_as_ours_is(name: str) -> None:
    ruff = [sys.executable, "-m", "ruff", "format", "--check", "-"]
    done = subprocess.run(ruff, cwd=ROOT, input=BLOCKS[name], text=True, check=False)
    assert done.returncode == 0
