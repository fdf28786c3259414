"""A buyer's visit: pay, watch, answer the bank, try another card, and never give up."""

from __future__ import annotations

import contextlib
import random
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests

from chaos.plan import Wish
from chaos.site import Site
from chaos.support import Support
from chaos.witness import Witness

POST_SECONDS = 60.0  # a buyer sends the same form again for so long
CHOOSE_SECONDS = 120.0  # a host's own forms, through its web server's restart
WATCH_SECONDS = 25.0  # then the tab is closed; the payment goes on without its buyer
HURRY_SECONDS = 5.0
_REFUSED = {"payment_in_progress", "already_paid"}


class Buyer:
    """One visit. Every request may fail; what it was promised is told to the witness."""

    def __init__(
        self, site: Site, witness: Witness, support: Support, wish: Wish, watch: float
    ) -> None:
        self._site, self._witness, self._support, self.wish = site, witness, support, wish
        self._watch_seconds, self._end = watch, support.end
        self._browser = requests.Session()
        self._pace = random.Random(wish.number)

    def visit(self) -> None:
        """Buy, and after a decline try the next card."""
        wish, item = self.wish, self._item()
        if item is None:
            return
        self._open_form(item)
        if wish.tampers:
            self._tamper()
        for attempt, card in enumerate(wish.cards):
            both = attempt > 0 and wish.two_tabs
            made = self._pay_in_two_tabs(item, card) if both else [self._pay(item, card, attempt)]
            ends = [self._watch(transaction) for transaction in made if transaction]
            self._ask_support([end for end in ends if end])
            declined = [end for end in ends if end and end["state"] == "failed"]
            if not ends or len(declined) < len(ends) or not declined[0].get("try_again_url"):
                return
            item = declined[0]["try_again_url"].rpartition("/")[2]

    def _ask_support(self, ends: list[dict[str, Any]]) -> None:
        """For the money back, or for another try."""
        about = "failed" if self.wish.errand == "retry" else "complete"
        for end in ends:
            if self.wish.errand and end["state"] == about and end["amount"]:
                self._support.ask(self.wish.errand, end["id"])

    def _item(self) -> str | None:
        """What is paid for, asked for until the shop has it."""
        deadline = time.monotonic() + CHOOSE_SECONDS
        while time.monotonic() < deadline and not self._end.is_set():
            with contextlib.suppress(requests.RequestException):
                if item := self._site.item_for(self.wish, self._browser):
                    return item
            self._pause(0.5)
        self._witness.count("gave up choosing")
        return None

    def _open_form(self, item: str) -> None:
        """The page gives the browser its name; only that browser is shown the bank's check."""
        deadline = time.monotonic() + POST_SECONDS
        while self._site.cookie not in self._browser.cookies and time.monotonic() < deadline:
            with contextlib.suppress(requests.RequestException):
                self._browser.get(f"{self._site.url}/checkout/{item}", timeout=(3, 15))
            self._pause(0)

    def _pay(self, item: str, card: str, attempt: int, tab: str = "") -> str | None:
        key = f"{self.wish.number}-{attempt}{tab}"
        if not self.wish.double_click:
            return self._post(item, card, key)
        with ThreadPoolExecutor(2) as clicks:
            first, second = clicks.map(lambda _: self._post(item, card, key), range(2))
        return first or second

    def _pay_in_two_tabs(self, item: str, card: str) -> list[str]:
        with ThreadPoolExecutor(2) as tabs:
            made = tabs.map(lambda tab: self._pay(item, card, 1, tab), ("-left", "-right"))
        return [transaction for transaction in made if transaction]

    def _post(self, item: str, card: str, key: str) -> str | None:
        """Send until it is answered; the transaction's id, or None where it was refused."""
        body = {"item": item, "email": f"buyer{self.wish.number}@example.com"}
        body |= {"payment_method": card}
        if item == self.wish.item:
            body |= {"quantity": str(self.wish.quantity)}
        deadline = time.monotonic() + POST_SECONDS
        hang_up = self.wish.impatient
        while time.monotonic() < deadline and not self._end.is_set():
            answer = self._send(body, key, 0.02 if hang_up else 15)
            hang_up = False
            if answer is None or _is_passing(answer):
                self._pause(0.7)
            elif answer.status_code == 202:
                transaction: str = answer.json()["id"]
                cookie = self._browser.cookies.get(self._site.cookie)
                self._witness.acknowledge(key, transaction, cookie)
                return transaction
            else:
                self._refused(answer)
                return None
        self._witness.count("gave up posting")
        return None

    def _send(self, body: dict[str, str], key: str, seconds: float) -> requests.Response | None:
        try:
            answer = self._browser.post(
                f"{self._site.url}/transactions",
                json=body,
                headers={"Idempotency-Key": key},
                timeout=(3, seconds),
            )
        except requests.RequestException:
            self._witness.count("POST lost")
            return None
        self._witness.count(f"POST {answer.status_code}")
        return answer

    def _refused(self, answer: requests.Response) -> None:
        code = answer.json().get("error", {}).get("code")
        if code not in _REFUSED:
            self._witness.object(
                "posts_are_understood", f"{answer.status_code} {code}: {answer.text[:200]}"
            )

    def _tamper(self) -> None:
        """A price of the browser's own is refused, whatever else breaks."""
        body = {"item": "enamel-mug", "email": "thief@example.com", "amount": "1"}
        body |= {"payment_method": "pm_card_visa"}
        answer = self._send(body, f"{self.wish.number}-thief", 15)
        if answer is not None and answer.status_code < 400:
            self._witness.object("stripe_takes_our_price", "a tampered price was accepted")

    def _watch(self, transaction: str) -> dict[str, Any] | None:
        """Poll until it ends; None where the buyer closed the tab before."""
        deadline = time.monotonic() + self._watch_seconds
        asked = False
        while time.monotonic() < deadline and not self._end.is_set():
            status = self._poll(transaction)
            if status is None:
                self._pause(0.5)
                continue
            self._witness.see(status)
            if status["state"] != "pending":
                return status
            if status["phase"] == "requires_action" and not asked:
                if self.wish.bank == "leave":
                    self._witness.count("left the bank's check")
                    return None
                asked = self._answer_bank(status)
            self._pause(status["next_poll_ms"] / 1000)
        return None

    def _poll(self, transaction: str) -> dict[str, Any] | None:
        try:
            answer = self._browser.get(
                f"{self._site.url}/transactions/{transaction}",
                headers={"Accept": "application/json"},
                timeout=(3, 15),
            )
        except requests.RequestException:
            return None
        if answer.status_code == 404:
            words = f"{transaction} was acknowledged, then not found"
            self._witness.object("an_acknowledged_post_has_one_transaction", words)
        self._witness.count(f"poll {answer.status_code}")
        return answer.json() if answer.status_code == 200 else None

    def _answer_bank(self, status: dict[str, Any]) -> bool:
        """As Stripe.js does: open the bank's page, answer, tell our page to look."""
        try:
            intent = self._site.ask_stripe(
                "GET", f"/v1/payment_intents/{status['stripe_payment_id']}"
            )
            action: Any = intent["next_action"]
            if action:
                page = action["use_stripe_sdk"]["stripe_js"]
                requests.post(page, data={"answer": self.wish.bank}, timeout=10)
            self._browser.post(
                f"{self._site.url}/transactions/{status['id']}/checks", json={}, timeout=(3, 10)
            )
        except requests.RequestException:
            return False
        return True

    def _pause(self, seconds: float) -> None:
        self._end.wait(seconds * self._pace.uniform(0.8, 1.2))


def _is_passing(answer: requests.Response) -> bool:
    """Whether the same request may be answered otherwise in a moment."""
    if answer.status_code == 409:
        return bool(answer.json()["error"]["code"] == "idempotency_conflict")
    return answer.status_code >= 500 or answer.status_code == 429
