"""A real worker ends at each step, as if the machine had taken it away: the books agree."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from parts.app import REPOSITORY
from parts.process import Process, wait_until
from payments_app.payments.refunds.request import request_refund
from tests.chaos.lab import Lab
from tests.chaos.payments import ASKED, DECLINED

pytestmark = [pytest.mark.timeout(900), pytest.mark.expects_failure]
MOST_STEPS = 40


class DyingWorker(Process):
    """Ends where `end_at` says."""

    plays = 0

    def __init__(self, directory: Path, settings: Mapping[str, str], queue: str) -> None:
        self.directory = directory
        super().__init__(
            f"The worker of {queue}",
            [sys.executable, "-m", "tests.chaos.dying_worker", queue, directory],
            directory / "worker.log",
            env=os.environ | settings,
            cwd=REPOSITORY,
        )

    def end_at(self, step: int) -> None:
        half = self.directory / ".step"
        self.plays += 1
        half.write_text(f"{self.plays} {step}")
        (self.directory / "died").unlink(missing_ok=True)
        half.rename(self.directory / "step")

    def spare(self) -> None:
        """Let it live, and start it where it has died: what it leaves is not for another's test."""
        has_died = self.has_died
        self.end_at(0)
        if has_died:
            self.wait()
            self.start()

    @property
    def has_died(self) -> bool:
        return (self.directory / "died").exists()


def _begin_refund(lab: Lab) -> Callable[[], object]:
    paid = lab.driver.pay()
    return lambda: request_refund(paid, 300, reason="a part was broken", actor="ada")


def _begin(card: str) -> Callable[[Lab], Callable[[], object]]:
    def begin(lab: Lab) -> Callable[[], object]:
        order = lab.driver.create_order()
        return lambda: lab.driver.open(card, order)

    return begin


@pytest.mark.parametrize(
    ("queue", "prepare"),
    [
        pytest.param("charges", _begin("pm_card_visa"), id="good card", marks=pytest.mark.long),
        pytest.param("charges", _begin(DECLINED), id="declined card", marks=pytest.mark.long),
        pytest.param("charges", _begin(ASKED), id="bank check", marks=pytest.mark.long),
        pytest.param("payment_critical", _begin_refund, id="refund", marks=pytest.mark.long),
    ],
)
def test_a_worker_may_end_at_any_step(
    lab: Lab,
    settings: dict[str, str],
    tmp_path: Path,
    queue: str,
    prepare: Callable[[Lab], Callable[[], object]],
) -> None:
    with DyingWorker(tmp_path, settings, queue) as worker:
        for step in range(1, MOST_STEPS):
            worker.spare()
            begin = prepare(lab)
            lab.leave_as_killed()
            lab.work()
            worker.end_at(step)
            begin()
            assert wait_until(lambda: worker.has_died or not lab.is_open(queue), 60)
            ended = worker.has_died
            worker.spare()
            lab.leave_as_killed()
            lab.work()
            if not ended:
                break
        assert 5 < step < MOST_STEPS - 1
    assert lab.broken_now() == []
    lab.finish()
    assert lab.broken() == []
