"""The order in which the product comes up, and what the terminal says meanwhile."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from demo import merchants
from demo.command_line import write_flask
from demo.directory import DataDirectory
from demo.programs import STANDINS, Program, app_programs
from demo.refusal import Refusal
from demo.standins import complete
from demo.supervisor import REPOSITORY, Supervisor, stop_leftovers
from parts.http import answers
from parts.ports import is_free
from parts.process import Process, wait_until
from parts.sandbox import Sandbox

STILL_SECONDS = 60  # so long nothing moves before it is given up
SAY_SECONDS = 15


class Demo:
    """One run. `start` raises Refusal, MissingPart or NotReady; `stop` is safe at any time."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self.port = _port(env)
        self.data = DataDirectory(Path(env.get("DATA_DIR") or "data"))
        self.env = env
        self.supervisor: Supervisor | None = None

    def start(self) -> None:
        self.data.claim()
        stop_leftovers(self.data)
        if not is_free(self.port):
            raise Refusal(
                f"Port {self.port} is taken: stop what listens there,"
                " or choose another with PORT=8001 make run."
            )
        print("Starting ...", flush=True)
        self.settings, standins = complete(self.env, self.data, self.port)
        self.flask = write_flask(self.data, self.settings)
        self.standins = [standin.name for standin in standins]
        programs = [Program(_slug(p), p.command, group=STANDINS) for p in standins]
        programs += app_programs(self.port)
        for standin in standins:
            standin.log.parent.mkdir(exist_ok=True)
        self.supervisor = Supervisor(self.data, programs, self.settings)
        self.supervisor.start()
        for standin in standins:
            self._wait_for(standin)
        self._flask("db", "upgrade")
        self._flask("demo", "seed")
        self.supervisor.start_app()
        self._wait_until_ready(self.supervisor)
        if any(isinstance(standin, Sandbox) for standin in standins):
            merchants.onboard(self.settings)

    def wait(self) -> None:
        """Until the supervisor ends by itself, which it should not."""
        if self.supervisor is not None:
            self.supervisor.wait()

    def stop(self) -> None:
        if self.supervisor is not None:
            self.supervisor.stop()
        self.data.release()

    def _wait_for(self, standin: Process) -> None:
        if not self._wait(standin.is_ready, standin.name):
            raise Refusal(f"{standin.name} did not start: see {self._log(_slug(standin))}.")

    def _flask(self, *words: str) -> None:
        command = [sys.executable, "-m", "flask", "--app", "demo.app", *words]
        log = self._log("setup")
        with log.open("ab") as output:
            done = subprocess.run(
                command,
                env=self.settings,
                cwd=REPOSITORY,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            )
        if done.returncode:
            last = log.read_text(errors="replace").strip().rpartition("\n\n")[2]
            raise Refusal(f"{last}\n`flask {' '.join(words)}` failed: see {log}.")

    def _wait_until_ready(self, supervisor: Supervisor) -> None:
        url = f"http://127.0.0.1:{self.port}/readyz"
        programs = "the web processes and workers"
        ready = self._wait(
            lambda: bool(supervisor.failed()) or (answers(url) and not supervisor.faltering()),
            programs,
        )
        if ready and not supervisor.failed():
            return
        failing = supervisor.failed() or supervisor.faltering() or ["web"]
        logs = ", ".join(str(self._log(name)) for name in failing)
        names = ", ".join(failing)
        raise Refusal(f"Not ready, and nothing moved for {STILL_SECONDS} s: {names}. See {logs}.")

    def _wait(self, condition: Callable[[], bool], name: str) -> bool:
        return wait_while_moving(
            condition, lambda: _movement(self.data.logs), name, STILL_SECONDS, SAY_SECONDS
        )

    def _log(self, name: str) -> Path:
        return self.data.logs / f"{name}.log"


def wait_while_moving(
    condition: Callable[[], bool],
    movement: Callable[[], object],
    name: str,
    still_seconds: float,
    say_seconds: float,
) -> bool:
    """Whether the condition came true before `movement` stood still for so many seconds. What is
    waited for is said now and then."""
    began = time.monotonic()
    while True:
        seen = movement()
        moved = False

        def over(seen: object = seen) -> bool:
            nonlocal moved
            moved = movement() != seen
            return moved or condition()

        deadline = time.monotonic() + still_seconds
        while not wait_until(over, min(say_seconds, max(0.0, deadline - time.monotonic()))):
            if time.monotonic() >= deadline:
                return False
            print(f"Waiting for {name}, {time.monotonic() - began:.0f} s ...", flush=True)
        if condition():
            return True


def _movement(logs: Path) -> object:
    """What changes while a slow machine is still at it: somebody writes a log."""
    return sorted((path.name, path.stat().st_size) for path in logs.glob("*") if path.is_file())


def _port(env: Mapping[str, str]) -> int:
    value = env.get("PORT") or "8000"
    if not value.isdecimal() or not 0 < int(value) < 65536:
        raise Refusal(f"PORT must be a number from 1 to 65535, not {value!r}.")
    return int(value)


def _slug(process: Process) -> str:
    return process.name.lower().removeprefix("the ").replace(" ", "-")


def inherited() -> dict[str, str]:
    """This process's environment, with the tools beside this Python first on the path."""
    tools = str(Path(sys.executable).parent)
    return {
        **os.environ,
        "PATH": f"{tools}{os.pathsep}{os.environ.get('PATH', '')}",
        "PYTHONUNBUFFERED": "1",
    }
