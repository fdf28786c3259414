"""Another application, which asks for payments over the API and reads what became of them."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

import requests

from chaos.books import Books, Row
from chaos.invariants import Violation
from chaos.plan import Wish

CENTS = 1900
_ASKING_SECONDS, _HASTY_SECONDS = 15.0, 0.02
_PASSING = (409, 429)  # 409: the same key is being answered
_UNPAID = "requires_payment"


class Application:
    """`secret` is its key; `url` is where the payments are. One key of its own for each payment:
    asked for again after a lost answer, it must be the same payment."""

    def __init__(self, url: Callable[[], str]) -> None:
        self.secret = ""
        self._url = url
        self._lock = threading.Lock()
        self._hasty: set[int] = set()
        self._asked: dict[int, str] = {}
        self._pages: dict[int, str] = {}
        self._wrong: list[str] = []

    def ask(self, wish: Wish) -> str:
        """What the page of this buyer's payment is named. Raises requests.RequestException: ask
        again."""
        body = {
            "amount": CENTS + wish.number,
            "currency": "usd",
            "description": f"Seat {wish.number}",
            "reference": f"booking-{wish.number}",
            "return_url": "https://tickets.example.com/back",
        }
        key = {"Idempotency-Key": f"seat-{wish.number}"}
        answer = self._call("POST", "payments", self._deadline(wish), json=body, headers=key)
        asked, page = answer.json()["id"], answer.json()["next_url"]
        with self._lock:
            if page:  # one that was paid meanwhile has none
                self._pages[wish.number] = page.rpartition("/")[2]
            before = self._asked.setdefault(wish.number, asked)
            if before != asked:
                self._wrong.append(f"seat {wish.number} is asked for by {before} and {asked}")
            return self._pages[wish.number]

    def _deadline(self, wish: Wish) -> float:
        """Seconds to wait for an answer: hardly any where the buyer hangs up, the first time."""
        with self._lock:
            if not wish.impatient or wish.number in self._hasty:
                return _ASKING_SECONDS
            self._hasty.add(wish.number)
            return _HASTY_SECONDS

    def _call(self, method: str, path: str, seconds: float, **sent: Any) -> requests.Response:
        sent["headers"] = {"Authorization": f"Bearer {self.secret}"} | sent.get("headers", {})
        url = f"{self._url()}/api/v1/{path}"
        answer = requests.request(method, url, timeout=(3, seconds), **sent)
        if 400 <= answer.status_code < 500 and answer.status_code not in _PASSING:
            with self._lock:
                self._wrong.append(f"{method} {path}: {answer.status_code} {answer.text[:200]}")
        answer.raise_for_status()
        return answer

    def compare(self, found: Books) -> list[Violation]:
        """The same as violations."""
        return [
            Violation("an_application_is_told_what_is_so", words) for words in self.misled(found)
        ]

    def misled(self, found: Books) -> list[str]:
        """What the API did or says that is not so, once all is over. Raises
        requests.RequestException."""
        told = self._listed()
        references = Counter(payment["reference"] for payment in told.values())
        tries: dict[str, list[Row]] = defaultdict(list)
        for transaction in found.transactions:
            tries[transaction["payable_id"]].append(transaction)
        back: Counter[str] = Counter()
        for refund in found.refunds:
            if refund["state"] == "succeeded":
                back[refund["transaction_id"]] += refund["amount"]
        return [
            *self._wrong,
            *(f"{times} payments are {name}" for name, times in references.items() if times > 1),
            *(f"{id_} was promised and is not there" for id_ in self._asked.values() - told.keys()),
            *filter(None, (_misled(one, tries[one["id"]], back) for one in told.values())),
        ]

    def _listed(self) -> dict[str, Row]:
        """Every payment that it asked for, page by page."""
        told: dict[str, Row] = {}
        more, after = True, ""
        while more:
            page = self._call("GET", f"payments?limit=100{after}", _ASKING_SECONDS).json()
            told |= {payment["id"]: payment for payment in page["data"]}
            more, after = page["has_more"], f"&after={page['data'][-1]['id']}" if told else ""
        return told


def _misled(payment: Row, tries: list[Row], back: Counter[str]) -> str | None:
    """What one payment says, where that is not what its attempts came to."""
    paid = [one for one in tries if one["state"] == "complete"]
    here = (
        "succeeded" if paid else _UNPAID,
        sum(one["amount"] for one in paid),
        sum(back[one["id"]] for one in paid),
    )
    told = (payment["status"], payment["amount_received"], payment["amount_refunded"])
    if any(one["amount"] != payment["amount"] for one in tries):
        return f"{payment['id']} is of {payment['amount']}, its attempts are not"
    return None if here == told else f"{payment['id']} says {told}, and is {here}"
