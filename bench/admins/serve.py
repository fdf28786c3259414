"""A list of the payments by one of the admins: `python serve.py flask_admin|django URL COUNT`.

Each line on its input names a page: list, deepest or search. Answered are the milliseconds of the
whole request inside this process, by the clock.
"""

from __future__ import annotations

import importlib
import sys
import time

PAGE = 50


def main(admin: str, database_url: str, count: str, email: str) -> None:
    """Answer until the input ends. Raises RuntimeError where a page does not answer 200."""
    last = (int(count) - 1) // PAGE
    get, addresses = importlib.import_module(admin).made(database_url, last, email)
    for line in sys.stdin:
        began = time.perf_counter()
        status, body = get(addresses[line.strip()])
        milliseconds = (time.perf_counter() - began) * 1000
        if status != 200 or (line.strip() == "search" and email not in body):
            raise RuntimeError(f"{line.strip()} answered {status}: {body[:2000]}")
        print(milliseconds, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
