"""TypeScript's compiler and Stripe's types: installed once, and asked."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from stripe_sandbox import API_VERSION

HERE = Path(__file__).parent
MODULES = HERE / "node_modules"
# Stripe types a list of words as "one of these, or any text", since it may add some.
_ANY_TEXT = re.compile(r"^export type OtherString = .*;$", re.MULTILINE)
_COMPLAINT = re.compile(r"^(\S+?)\((\d+),(\d+)\): error TS\d+: (.*)$", re.DOTALL)
_FIELD = re.compile(r'"\w+": ')


class Unusable(Exception):
    """The types cannot be asked. The message says why, in one sentence."""


def install() -> None:
    """What package-lock.json names, from the registry, where it is not here. Raises Unusable."""
    _check_node()
    kept = MODULES / ".checked.json"
    lock = (HERE / "package-lock.json").read_text()
    if not kept.exists() or kept.read_text() != lock:
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        if subprocess.run(command, cwd=HERE, check=False).returncode:
            raise Unusable("npm could not install Stripe's types: see its words above.")
        _close_words(MODULES / "stripe/esm/shared.d.ts")
        kept.write_text(lock)
    _check_version()


def _check_node() -> None:
    needs = "This needs Node 20 or newer, and npm: install them (on Debian: nodejs and npm)."
    if not shutil.which("node") or not shutil.which("npm"):
        raise Unusable(needs)
    told = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    if int(told.strip().lstrip("v").partition(".")[0]) < 20:
        raise Unusable(needs)


def _close_words(path: Path) -> None:
    closed, found = _ANY_TEXT.subn("export type OtherString = never;", path.read_text())
    if found != 1:
        raise Unusable("Stripe's types say in another way that a word may be any text.")
    path.write_text(closed)


def _check_version() -> None:
    pinned = (MODULES / "stripe/esm/apiVersion.d.ts").read_text()
    train = API_VERSION.partition(".")[2]
    browser = (MODULES / "@stripe/stripe-js/dist/index.js").read_text()
    if f'"{API_VERSION}"' not in pinned or f"'{train}'" not in browser:
        raise Unusable(f"package.json must name the releases whose API version is {API_VERSION}.")


def complaints(directory: Path, sources: Mapping[str, str]) -> dict[str, list[tuple[int, str]]]:
    """What the compiler says of these files, written to the directory: line and words, by file."""
    for name, text in sources.items():
        (directory / name).write_text(text)
    config = {
        "extends": str(HERE / "tsconfig.json"),
        "files": [*sources, str(MODULES / "@stripe/stripe-js/dist/index.d.ts")],
    }
    (directory / "tsconfig.json").write_text(json.dumps(config))
    command = [MODULES / ".bin/tsc", "--pretty", "false", "-p", directory]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    if done.stderr or re.search(r"^error ", done.stdout, re.MULTILINE):
        raise Unusable(f"The compiler did not work: {done.stdout}{done.stderr}")
    found: dict[str, list[tuple[int, str]]] = {name: [] for name in sources}
    # A complaint's further lines are indented.
    for complaint in re.split(r"\n(?! )", done.stdout.strip()):
        if match := _COMPLAINT.match(complaint):
            name, line, column = match[1], int(match[2]), int(match[3])
            text = sources.get(name, "").split("\n")[line - 1 : line]
            field = _FIELD.match(text[0], column - 1) if text else None
            words = " ".join(match[4].split())
            found.setdefault(name, []).append((line, f"{field[0] if field else ''}{words}"))
    return found
