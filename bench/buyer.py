"""A buyer of the measurements: orders, and follows the payment as the page's script does."""

from __future__ import annotations

import itertools
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import requests

FIRST_POLL_SECONDS = 0.1
GIVE_UP_SECONDS = 120
_numbers = itertools.count()
_local = threading.local()


def order(url: str, item: str = "field-notes") -> tuple[requests.Session, str]:
    """A payment that was just made, and the browser that made it. Raises RuntimeError."""
    number = next(_numbers)
    browser: requests.Session = _local.__dict__.setdefault("browser", requests.Session())
    browser.cookies.clear()
    answer = browser.post(
        f"{url}/transactions",
        json={
            "item": item,
            "email": f"buyer{number}@example.com",
            "payment_method": "pm_card_visa",
        },
        headers={"Idempotency-Key": f"bench-{number:08}"},
        timeout=30,
    )
    if answer.status_code != 202:
        raise RuntimeError(f"POST /transactions answered {answer.status_code}: {answer.text}")
    return browser, url + answer.json()["url"]


def click(url: str, item: str = "field-notes") -> float:
    """Seconds from the click until the page knows how it ended. Raises RuntimeError."""
    began = time.monotonic()
    browser, payment = order(url, item)
    wait, etag = FIRST_POLL_SECONDS, ""
    while time.monotonic() - began < GIVE_UP_SECONDS:
        time.sleep(wait)
        known = {"If-None-Match": etag} if etag else {}
        answer = browser.get(payment, headers={"Accept": "application/json"} | known, timeout=30)
        if answer.status_code == 200:
            etag = answer.headers["ETag"]
            if answer.json()["state"] != "pending":
                return time.monotonic() - began
        wait = int(answer.headers.get("X-Next-Poll-Ms", 1000)) / 1000
    raise RuntimeError(f"{payment} did not end")


def paced(call: Callable[[], float], a_second: float, count: int, at_once: int = 64) -> list[float]:
    """What so many calls gave, begun at an even pace that does not slow down when we do."""
    began = time.monotonic()
    with ThreadPoolExecutor(at_once) as pool:
        calls = []
        for number in range(count):
            time.sleep(max(0.0, began + number / a_second - time.monotonic()))
            calls.append(pool.submit(call))
        return [each.result() for each in calls]


def percentile(values: Sequence[float], percent: int) -> float:
    """Of many values."""
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]
