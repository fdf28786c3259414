"""Every check and every test: `python -m parts.testrun`.

With `--lint` the checks alone; with `--portable` the checks and the tests that hold on SQLite too.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from parts import audit
from parts.install import MissingPart, install_missing
from parts.postgres import Postgres
from parts.process import NotReady
from parts.redis import Redis
from parts.sandbox import Sandbox
from parts.schema import postgres_template, sqlite_template

MEMORY_BYTES = 4 * 2**30
CHECKS = {
    "ruff": ["ruff", "check", "--quiet", "--output-format=concise", "."],
    "ruff format": ["ruff", "format", "--check", "."],
    "mypy": ["mypy", "--no-error-summary"],
    "import-linter": ["lint-imports"],
    "djlint format": ["djlint", "templates", "--check", "--quiet"],
    "djlint": ["djlint", "templates", "--lint", "--quiet"],
}


def main(arguments: list[str]) -> int:
    """Exit code: 0 when all passed. pytest's own closing line is the last of a good run."""
    failed = failed_checks()
    if "--lint" not in arguments:
        try:
            if "--portable" in arguments:
                failed += failed_portable_tests()
            else:
                audit.known_holes(audit.REQUIREMENTS)
                install_missing()
                failed += failed_tests(arguments)
        except (MissingPart, NotReady, RuntimeError) as error:
            print(error, file=sys.stderr)
            return 1
    if failed:
        print(f"Failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def work_in_memory() -> None:
    """Keep the parts' files in memory where there is room: SQLite waits for the disk at every
    commit, and thousands of tests commit."""
    memory = Path("/dev/shm")  # noqa: S108 - mkdtemp makes the names
    if "TMPDIR" in os.environ or not os.access(memory, os.W_OK):
        return
    if shutil.disk_usage(memory).free > MEMORY_BYTES:
        os.environ["TMPDIR"] = str(memory)
        tempfile.tempdir = None  # it was looked up already


def failed_checks() -> list[str]:
    """Run each check; one that passes says nothing but its name."""
    failed = []
    for name, command in CHECKS.items():
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        print(f"{name:15} {'failed' if done.returncode else 'ok'}", flush=True)
        if done.returncode:
            print(done.stdout + done.stderr, flush=True)
            failed.append(name)
    return failed


def failed_tests(arguments: list[str]) -> list[str]:
    """Run pytest on SQLite (what depends on the dialect), then on PostgreSQL (all)."""
    with (
        tempfile.TemporaryDirectory(prefix="testrun-") as name,
        Postgres() as postgres,
        Redis(Path(name) / "redis") as redis,
        Sandbox(Path(name) / "sandbox", keep=False) as sandbox,
    ):
        shared = {
            "TEST_POSTGRES_URL": postgres.url(),
            "TEST_POSTGRES_TEMPLATE": postgres_template(postgres.url()),
            "TEST_SQLITE_TEMPLATE": str(sqlite_template(Path(name))),
            "TEST_REDIS_URL": redis.url(),
            "TEST_SANDBOX_URL": sandbox.url,
        }
        runs = {"sqlite": ["-m", "dialect"], "postgresql": []}
        return [
            f"the tests on {kind}"
            for kind, selected in runs.items()
            if pytest([*selected, *arguments], shared | {"TEST_DATABASE": kind})
        ]


def failed_portable_tests() -> list[str]:
    """Run what holds on SQLite as well, and needs neither PostgreSQL nor a browser."""
    with (
        tempfile.TemporaryDirectory(prefix="testrun-") as name,
        Redis(Path(name) / "redis") as redis,
        Sandbox(Path(name) / "sandbox", keep=False) as sandbox,
    ):
        env = {
            "TEST_DATABASE": "sqlite",
            "TEST_SQLITE_TEMPLATE": str(sqlite_template(Path(name))),
            "TEST_REDIS_URL": redis.url(),
            "TEST_SANDBOX_URL": sandbox.url,
        }
        return ["the portable tests"] if pytest(["-m", "portable"], env) else []


def pytest(arguments: list[str], env: dict[str, str]) -> int:
    """Its exit code. `TEST_WORKERS` says how many processes share the tests. One more than there
    are processors, since a process spends a fifth of its time waiting: for restarts, for limits."""
    workers = os.environ.get("TEST_WORKERS") or str((os.cpu_count() or 1) + 1)
    print(f"\nTests on {env['TEST_DATABASE']}", flush=True)
    command = [sys.executable, "-m", "pytest", "-q", "-n", workers, "--dist", "worksteal"]
    # Hundreds of processes begin in a run: what one has compiled the others read.
    env = env | {"PYTHONDONTWRITEBYTECODE": ""}
    return subprocess.run([*command, *arguments], env=os.environ | env, check=False).returncode


if __name__ == "__main__":
    # The tools sit beside this Python, whether or not the environment was activated.
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    work_in_memory()
    sys.exit(main(sys.argv[1:]))
