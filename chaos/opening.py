"""`python -m chaos.opening URL PASSWORD STAFF...`: open the shop, and print its endpoint's secret.

Products are added, staff are let in; one process, because each start of the product costs."""

from __future__ import annotations

import sys

from click.testing import Result

from demo.app import app


def main(endpoint: str, password: str, *staff: str) -> str:
    """Run the product's own commands; the secret that signs what the endpoint receives."""
    _command("demo", "seed")
    for email in staff:
        _command("staff", "create", email, "--role", "refunder", "--password-stdin", words=password)
    secret: str = _command("merchants", "add-endpoint", endpoint).stdout.split()[-1]
    return secret


def _command(*arguments: str, words: str = "") -> Result:
    done = app.test_cli_runner().invoke(args=list(arguments), input=f"{words}\n")
    if done.exit_code:
        raise RuntimeError(f"flask {' '.join(arguments)}: {done.output}") from done.exception
    return done


if __name__ == "__main__":
    print(main(*sys.argv[1:]))
