"""The commands are the same for every application of a process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import click
import pytest
from flask import Flask

from parts.ports import free_port
from parts.postgres import create_database
from payments_app import cli
from payments_app.merchants.commands import merchants_group


def callbacks(group: click.Group) -> list[object]:
    return [
        parameter.callback for command in group.commands.values() for parameter in command.params
    ]


def test_another_application_wraps_no_argument_once_more() -> None:
    before = callbacks(merchants_group)
    cli.prepare(Flask("another"))
    assert before
    assert callbacks(merchants_group) == before


# Built, asked of nginx, never ending, kept in Redis alone.
ELSEWHERE = {"assets", "check-edge", "sweep", "cache purge"}
GIVEN = {
    "staff create": ["ann@example.com"],
    "products create": ["mug", "Mug", "24.00", "usd"],
    "products picture": ["mug", "--remove"],
    "stripe setup": [],
}


def leaves(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        for inner, each in command.commands.items():
            yield from leaves(each, f"{name} {inner}")
    else:
        yield name, command


def arguments(command: click.Command, file: Path) -> list[str]:
    """Something for each argument that the command may or must be given."""
    given = []
    for parameter in command.params:
        if isinstance(parameter, click.Argument):
            choices = getattr(parameter.type, "choices", ["1"])
            given.append(str(file) if isinstance(parameter.type, click.Path) else choices[0])
        elif parameter.required:
            given += [parameter.opts[0], "1"]
    return given


def outcomes(app: Flask, tmp_path: Path) -> dict[str, str]:
    """What each command says, by its name, or what it raised."""
    file, said = tmp_path / "file.csv", {}
    file.write_text("slug,name,price,currency\nmug,Mug,24.00,usd\n")
    for each in cli._COMMANDS:
        for name, command in leaves(each, str(each.name)):
            if name.split()[0] in ELSEWHERE or name in ELSEWHERE:
                continue
            given = GIVEN.get(name) or arguments(command, file)
            password = "a long pass phrase\n" * 2
            result = app.test_cli_runner().invoke(args=[*name.split(), *given], input=password)
            ended = isinstance(result.exception, SystemExit)
            said[name] = result.output if ended else repr(result.exception)
    return said


class TestADatabaseWithoutTables:
    @pytest.fixture
    def settings(self, settings: dict[str, str], postgres_url: str) -> dict[str, str]:
        name = f"empty_{uuid4().hex}"
        return settings | {"DATABASE_URL": create_database(postgres_url, name)}

    def test_is_a_sentence_to_each_command(self, app: Flask, tmp_path: Path) -> None:
        said = outcomes(app, tmp_path)
        assert {name: words for name, words in said.items() if "db upgrade" not in words} == {}


class TestADatabaseThatIsAway:
    @pytest.fixture
    def settings(self, settings: dict[str, str]) -> dict[str, str]:
        return settings | {"DATABASE_URL": f"postgresql://nobody@127.0.0.1:{free_port()}/none"}

    def test_is_a_sentence_to_each_command(self, app: Flask, tmp_path: Path) -> None:
        said = outcomes(app, tmp_path)
        assert {name: words for name, words in said.items() if "does not answer" not in words} == {}
