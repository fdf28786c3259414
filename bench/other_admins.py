"""Staff's list beside Flask-Admin's and Django admin's over the same payments: how each grows.

They are installed from PyPI into an environment of their own (data/bench-admins): nothing of the
product needs them.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, cast

from bench.load import take_turns
from bench.staff import Bench
from bench.table import Row
from parts.app import REPOSITORY
from parts.postgres import libpq

ADMINS = {"Flask-Admin": "flask_admin_list", "Django": "django_list"}
PAGES = {"list": "list", "deepest": "deepest page", "search": "search, e-mail"}
ROUNDS = 9
_PROGRAMS = Path(__file__).parent / "admins"
_HOME = REPOSITORY / "data" / "bench-admins"


def rows(few: tuple[Bench, int], many: tuple[Bench, int]) -> list[Row]:
    """Of each page how many times as long it takes with many payments as with few, ours and
    theirs; below both is met."""
    try:
        return _measured(_installed(), {"few": few, "many": many})
    except (OSError, RuntimeError, subprocess.CalledProcessError) as error:
        lines = (getattr(error, "stderr", None) or repr(error)).strip().splitlines()
        return [Row("staff's pages, growth beside two admins", "below", lines[-1][:120])]


def _measured(python: Path, sizes: Mapping[str, tuple[Bench, int]]) -> list[Row]:
    with ExitStack() as stack:
        theirs = {
            f"{name} {size}": stack.enter_context(_answering(python, program, *of))
            for size, of in sizes.items()
            for name, program in ADMINS.items()
        }
        return [_row(page, sizes, theirs) for page in PAGES]


def _row(
    page: str,
    sizes: Mapping[str, tuple[Bench, int]],
    theirs: Mapping[str, Callable[[str], float]],
) -> Row:
    def ours(bench: Bench) -> Callable[[], float]:
        return lambda: bench.get(bench.pages()[PAGES[page]])[0]

    def of(ask: Callable[[str], float]) -> Callable[[], float]:
        return lambda: ask(page)

    contenders = {f"ours {size}": ours(bench) for size, (bench, _) in sizes.items()}
    found = take_turns(contenders | {name: of(ask) for name, ask in theirs.items()}, ROUNDS)
    grown = {name: found[f"{name} many"] / found[f"{name} few"] for name in ("ours", *ADMINS)}
    told = ", ".join(f"{name} {grown[name]:.1f} x" for name in ADMINS)
    waits = ", ".join(f"{found[f'{name} many']:.0f}" for name in grown)
    return Row(
        f"staff's {page}, growth beside two admins",
        f"below {told}",
        f"{grown['ours']:.2f} x",
        f"{waits} ms: ours, {', '.join(ADMINS)}",
        grown["ours"] < min(grown[name] for name in ADMINS),
    )


def _installed() -> Path:
    """Their Python. Raises CalledProcessError where PyPI does not give them."""
    python, pins = _HOME / "bin" / "python", _PROGRAMS / "requirements.txt"
    kept = _HOME / pins.name
    if not kept.exists() or kept.read_text() != pins.read_text():
        for words in (
            [sys.executable, "-m", "venv", "--clear", str(_HOME)],
            [str(python), "-m", "pip", "install", "--quiet", "--requirement", str(pins)],
        ):
            subprocess.run(words, check=True, capture_output=True, text=True)
        kept.write_text(pins.read_text())
    return python


@contextmanager
def _answering(
    python: Path, program: str, bench: Bench, count: int
) -> Iterator[Callable[[str], float]]:
    """A process that says how many milliseconds a page took it. Raises RuntimeError where none."""
    url = libpq(bench.app.config["SQLALCHEMY_DATABASE_URI"])
    command = [str(python), "serve.py", program, url, str(count), bench.email]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=_PROGRAMS, stdin=pipe, stdout=pipe, text=True) as process:
        stdin, stdout = cast("tuple[IO[str], IO[str]]", (process.stdin, process.stdout))

        def ask(page: str) -> float:
            print(page, file=stdin, flush=True)
            answer = stdout.readline()
            if not answer:
                raise RuntimeError(f"{program} ended at {page}")
            return float(answer)

        try:
            yield ask
        finally:
            process.terminate()
