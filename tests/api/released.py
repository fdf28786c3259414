"""What others build on beside the HTTP API: `python -m tests.api.released` prints it, and
released.json is that of the last release."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import click
from flask import Flask

import payments_app
from parts.settings import NO_CACHE, NO_REDIS, private_settings
from payments_app import Payable, Payments, create_app
from payments_app.config import Config
from payments_app.config_checks import problems_of
from payments_app.merchants.topics import TOPICS

ROOT = Path(__file__).parents[2]


def promised(app: Flask) -> dict[str, list[str]]:
    """By what it is part of, all that this release has. Of the settings those that must be set are
    named a second time: none may be added there."""
    example = (ROOT / ".env.example").read_text()
    return {
        "settings": sorted(set(re.findall(r"^#? ?([A-Z][A-Z_]+)=", example, re.MULTILINE))),
        "must_be_set": sorted(problem.split()[0] for problem in problems_of({})),
        "commands": sorted(_words("", app.cli)),
        "library": sorted(payments_app.__all__),
        "payables": sorted(_public(Payable)),
        "mounted": sorted(_public(Payments)),
        "topics": sorted(TOPICS),
    }


def _public(kind: type) -> list[str]:
    return [name for name in dir(kind) if not name.startswith("_")]


def _words(before: str, command: click.Command) -> Iterator[str]:
    """Each command, and each with each of its options; Alembic's own are its own."""
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            if before.strip() != "db" or name == "upgrade":
                yield from _words(f"{before} {name}".strip(), inner)
        return
    yield before
    for option in command.params:
        if isinstance(option, click.Option) and before != "db upgrade":
            yield from (f"{before} {word}" for word in option.opts)


def main() -> None:
    settings = private_settings(
        database_url="sqlite:///none.sqlite3",
        redis_url=NO_REDIS,
        cache_redis_url=NO_CACHE,
        sandbox_url="http://127.0.0.1:1",
    )
    print(json.dumps(promised(create_app(Config.from_env(settings))), indent=4))


if __name__ == "__main__":
    main()
