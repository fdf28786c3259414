"""The commands are the same for every application of a process."""

from __future__ import annotations

import click
from flask import Flask

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
