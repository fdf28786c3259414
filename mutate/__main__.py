"""`python -m mutate [--count 100] [--seed 14] [--minutes 40] [--only PATH] [--tests PATH]`

Runs the tests on each mutant and prints a diff of every one that no test noticed. It ends with 1
where fewer than 90 % of those that are not explained were noticed, or where not all were run. The
40 minutes are those of a quiet machine with two cores: what else runs there makes it take longer.
"""

from __future__ import annotations

import argparse
import queue
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from mutate.choice import chosen, equivalents, key_of
from mutate.mutants import Mutant
from mutate.record import Record, recorded
from mutate.run import Copy, TooBusyError, check_unmutated, within_limit
from parts.install import install_missing
from parts.postgres import Postgres
from parts.redis import Redis
from parts.sandbox import Sandbox
from parts.schema import postgres_template, sqlite_template
from parts.testrun import work_in_memory

ROOT = Path(__file__).parents[1]
ENOUGH = 0.9
CONTROLS = 10  # tests that must pass on a copy without a mutant


@dataclass
class Outcome:
    """What became of the mutants: `killed` with what noticed it, `survived` with how many tests
    did not, `not_run` with the reason."""

    killed: dict[Mutant, str] = field(default_factory=dict)
    survived: dict[Mutant, int] = field(default_factory=dict)
    explained: dict[Mutant, str] = field(default_factory=dict)
    not_run: dict[Mutant, str] = field(default_factory=dict)

    @property
    def share(self) -> float:
        """Of those that were run and are not explained, how many were noticed."""
        return len(self.killed) / (len(self.killed) + len(self.survived) or 1)

    @property
    def is_good(self) -> bool:
        return self.share >= ENOUGH and not self.not_run


def main(arguments: list[str]) -> int:
    asked = _arguments(arguments)
    started = time.monotonic()
    deadline = started + asked.minutes * 60
    install_missing()
    work_in_memory()
    mutants = chosen(ROOT, asked.count, asked.seed, asked.only)
    with ExitStack() as running:
        directory = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="mutate-")))
        shared = _servers(running, directory)
        record = recorded(ROOT, shared, asked.processes, asked.tests)
        copies = [
            _copy(running, directory / f"copy-{number}", shared)
            for number in range(asked.processes)
        ]
        outcome = run(mutants, copies, record, deadline)
    report(outcome, ROOT)
    print(f"{time.monotonic() - started:.0f} s, {_processor_seconds():.0f} s of a processor")
    return 0 if outcome.is_good else 1


def run(mutants: list[Mutant], copies: list[Copy], record: Record, deadline: float) -> Outcome:
    """Each mutant on whichever copy is free, until the deadline of `time.monotonic`."""
    outcome, explained = Outcome(), equivalents()
    waiting: queue.SimpleQueue[Mutant] = queue.SimpleQueue()
    for mutant in mutants:
        if why := explained.get(key_of(mutant)):
            outcome.explained[mutant] = why
        else:
            waiting.put(mutant)
    controls = sorted({test for m in mutants for test in record.tests_of(m)[:1]})[:CONTROLS]
    check_unmutated(copies[0], controls, record)
    lookers = [
        threading.Thread(target=_work, args=(waiting, copy, record, deadline, outcome))
        for copy in copies
    ]
    for looker in lookers:
        looker.start()
    for looker in lookers:
        looker.join()
    while not waiting.empty():
        outcome.not_run[waiting.get()] = "the time was up"
    return outcome


def _work(
    waiting: queue.SimpleQueue[Mutant],
    copy: Copy,
    record: Record,
    deadline: float,
    outcome: Outcome,
) -> None:
    while time.monotonic() < deadline:
        try:
            mutant = waiting.get_nowait()
        except queue.Empty:
            return
        started = time.monotonic()
        tests = within_limit(record.tests_of(mutant), record)
        try:
            said = copy.killer(mutant, tests, record)
        except TooBusyError:
            said = outcome.not_run[mutant] = "its tests do not end without it either"
        else:
            if said:
                outcome.killed[mutant] = said
            else:
                outcome.survived[mutant] = len(tests)
        place = f"{mutant.path}:{mutant.line} {mutant.kind}"
        taken = f"{time.monotonic() - started:5.1f} s"
        print(f"{taken}  {place:70} {said or 'SURVIVED'}", flush=True)


def report(outcome: Outcome, root: Path) -> None:
    for mutant, tests in outcome.survived.items():
        print(f"\n{mutant.diff((root / mutant.path).read_text())}")
        print(f"no test noticed it, of {tests} that run it")
    for mutant, why in outcome.not_run.items():
        print(f"\nnot run, {why}: {mutant.path}:{mutant.line} {mutant.kind}")
    run = len(outcome.killed) + len(outcome.survived)
    print(
        f"\n{len(outcome.killed)} of {run} mutants noticed ({outcome.share:.0%}),"
        f" {len(outcome.explained)} explained as equivalent, {len(outcome.not_run)} not run"
    )


def _processor_seconds() -> float:
    """Of this process and of all that it started and that ended."""
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in spent)


def _servers(running: ExitStack, directory: Path) -> dict[str, str]:
    """What the tests of all copies share, started once."""
    postgres = running.enter_context(Postgres())
    sandbox = running.enter_context(Sandbox(directory / "sandbox", keep=False))
    redis = running.enter_context(Redis(directory / "redis"))
    return {
        "TEST_DATABASE": "postgresql",
        "TEST_POSTGRES_URL": postgres.url(),
        "TEST_POSTGRES_TEMPLATE": postgres_template(postgres.url()),
        "TEST_SQLITE_TEMPLATE": str(sqlite_template(directory)),
        "TEST_SANDBOX_URL": sandbox.url,
        "TEST_REDIS_URL": redis.url(),
    }


def _copy(running: ExitStack, directory: Path, shared: Mapping[str, str]) -> Copy:
    """With a Redis of its own: each process of the tests takes the same numbers there."""
    redis = running.enter_context(Redis(directory.with_suffix(".redis")))
    return Copy(ROOT, directory, {**shared, "TEST_REDIS_URL": redis.url()})


def _arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m mutate")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=14)
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--only", default="", help="only the mutants of this file or folder")
    parser.add_argument("--tests", nargs="*", default=[], help="only these tests, such as a folder")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
