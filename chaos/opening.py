"""`python -m chaos.opening URL PASSWORD STAFF...`: open the shop, and print its endpoint's secret
and the key of an application.

Products are added, staff are let in; one process, because each start of the product costs."""

from __future__ import annotations

import sys

from click.testing import Result
from flask import Flask


def open_shop(app: Flask, endpoint: str, password: str, *staff: str) -> str:
    """Run the product's own commands; the secret that signs what the endpoint receives, and an
    application's key."""
    _command(app, "demo", "seed")
    for email in staff:
        words = ("staff", "create", email, "--role", "refunder", "--password-stdin")
        _command(app, *words, typed=password)
    secret = _command(app, "merchants", "add-endpoint", endpoint).stdout.split()[-1]
    key = _command(app, "keys", "create", "tickets").stdout.split()[-1]
    return f"{secret} {key}"


def _command(app: Flask, *arguments: str, typed: str = "") -> Result:
    done = app.test_cli_runner().invoke(args=list(arguments), input=f"{typed}\n")
    if done.exit_code:
        raise RuntimeError(f"flask {' '.join(arguments)}: {done.output}") from done.exception
    return done


if __name__ == "__main__":
    from demo.app import app as shop

    print(open_shop(shop, *sys.argv[1:]))
