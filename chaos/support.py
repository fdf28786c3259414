"""Support: staff at their browsers, who refund and retry what buyers ask them to."""

from __future__ import annotations

import contextlib
import html
import queue
import re
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import psycopg
import requests

from chaos.site import STAFF, Site
from chaos.witness import Witness

DEADLINE_SECONDS = 60.0  # for one form
PAIRS = 3  # of staff members who work side by side
_FIELD = re.compile(r'name="(csrf_token|amount|next)"[^>]*?value="([^"]*)"', re.DOTALL)
_REVIEWED = re.compile(r'type="hidden"\s+name="(\w+)"\s+value="([^"]*)"')
_MEND = """
    UPDATE pay_transactions SET payment_method = %s, stripe_customer_id = %s
    WHERE id = %s AND state = 'failed'
"""


class StaffBrowser:
    """One staff member's browser. It signs in, and types the password again, when it must."""

    def __init__(self, site: Site, email: str, end: threading.Event) -> None:
        self._site, self._email, self._end = site, email, end
        self._browser = requests.Session()
        self._browser.headers["Accept"] = "text/html"
        self._review: dict[str, str] = {}  # what waits for its confirmation to be answered

    @property
    def key(self) -> str:
        """Of the refund that was confirmed last: the seal of its review."""
        return f"staff-{self._review['reviewed']}"

    def submit(
        self, path: str, fill: Callable[[dict[str, str]], dict[str, str]], clicks: int = 1
    ) -> int:
        """Open the form at `path`, fill it in, confirm its review where it has one (`clicks` times)
        and send it until it is answered: 303 where it was taken, 4xx where it was refused; 0 where
        nobody answered."""
        self._review = {}
        deadline = time.monotonic() + DEADLINE_SECONDS
        while time.monotonic() < deadline and not self._end.is_set():
            with contextlib.suppress(requests.RequestException):
                status = self._try(path, fill, clicks)
                if status and status < 500 and status != 429:
                    return status
            self._end.wait(0.3)
        return 0

    def _try(self, path: str, fill: Callable[[dict[str, str]], dict[str, str]], clicks: int) -> int:
        page = self._browser.get(f"{self._site.url}{path}", timeout=(3, 20))
        fields = dict(_FIELD.findall(page.text))
        if "/staff/login" in page.url or "/staff/confirm" in page.url:
            self._prove(page.url.partition("?")[0], fields)
            return 0
        if page.status_code != 200:
            return page.status_code
        if not self._review:
            form = {"csrf_token": fields.get("csrf_token", ""), **fill(fields)}
            answer = self._send(f"{self._site.url}{path}", form)
            if answer.status_code != 200 or 'name="reviewed"' not in answer.text:
                return self._status(answer)
            found = _REVIEWED.findall(answer.text)
            self._review = {name: html.unescape(value) for name, value in found}
        form = {**self._review, **{n: v for n, v in fields.items() if n == "csrf_token"}}
        for _ in range(clicks):
            answer = self._send(f"{self._site.url}{path}", form)
        return self._status(answer)

    @staticmethod
    def _status(answer: requests.Response) -> int:
        asked = answer.headers.get("Location", "")
        return 0 if "/staff/login" in asked or "/staff/confirm" in asked else answer.status_code

    def _prove(self, url: str, fields: dict[str, str]) -> None:
        """The password, at the sign-in page or before something that can't be undone."""
        form = {"email": self._email, "password": self._site.staff_password}
        self._send(url, {**fields, **form})

    def _send(self, url: str, form: dict[str, str]) -> requests.Response:
        return self._browser.post(url, form, timeout=(3, 20), allow_redirects=False)


class Support:
    """Works off what is asked for, in two pairs; `finish` waits for the last of it."""

    def __init__(self, site: Site, witness: Witness, end: threading.Event) -> None:
        self._site, self._witness, self.end = site, witness, end
        self._asked: queue.Queue[tuple[str, str] | None] = queue.Queue()
        self._pairs = [
            threading.Thread(target=self._work, name=f"support-{number}", daemon=True)
            for number in range(PAIRS)
        ]

    def start(self) -> None:
        for pair in self._pairs:
            pair.start()

    def ask(self, errand: str, transaction: str) -> None:
        """From any thread, once the buyer has seen how the payment ended."""
        self._asked.put((errand, transaction))

    def finish(self) -> None:
        for _ in self._pairs:
            self._asked.put(None)
        for pair in self._pairs:
            pair.join()

    def _work(self) -> None:
        pair = [StaffBrowser(self._site, email, self.end) for email in STAFF]
        while (asked := self._asked.get()) is not None and not self.end.is_set():
            errand, transaction = asked
            if errand == "retry":
                self._retry(pair, transaction)
            else:
                self._refund(pair, errand, transaction)

    def _refund(self, pair: list[StaffBrowser], errand: str, transaction: str) -> None:
        first, second = pair
        if errand == "together":
            self._at_once(
                lambda: self._ask(first, transaction, _full),
                lambda: self._ask(second, transaction, _full),
            )
        elif errand == "double_click":
            self._ask(first, transaction, _part, clicks=2)
        elif errand == "parts":
            for fill in (_part, _part, _full):
                self._ask(first, transaction, fill)
        elif errand == "too_much":
            if self._ask(first, transaction, _too_much) == 303:
                words = f"more than {transaction} was asked for, and taken"
                self._witness.object("refunds_never_exceed_the_capture", words)
        else:
            self._ask(first, transaction, _part if errand == "part" else _full)
        self._refuse_retry(second, transaction)

    def _ask(
        self,
        staff_browser: StaffBrowser,
        transaction: str,
        fill: Callable[[dict[str, str]], dict[str, str]],
        clicks: int = 1,
    ) -> int:
        status = staff_browser.submit(f"/staff/payments/{transaction}/refunds", fill, clicks)
        self._witness.count(f"refund {status}")
        if status == 303:
            self._witness.promise_refund(staff_browser.key)
        return status

    def _refuse_retry(self, staff_browser: StaffBrowser, transaction: str) -> None:
        """What was paid is never charged again, whoever asks."""
        status = staff_browser.submit(f"/staff/payments/{transaction}/retries", lambda _: {})
        if status == 303:
            words = f"a retry of {transaction}, which was paid, was taken"
            self._witness.object("never_two_successes_for_one_payable", words)

    def _retry(self, pair: list[StaffBrowser], transaction: str) -> None:
        """Of a payment whose card was saved and works by now; both ask at once."""
        path = f"/staff/payments/{transaction}/retries"
        try:
            self._mend_card(transaction)
        except (requests.RequestException, psycopg.Error):
            self._witness.count("card not mended")
            return
        self._at_once(
            *(
                lambda staff_browser=staff_browser: self._count_retry(staff_browser, path)
                for staff_browser in pair
            )
        )

    def _count_retry(self, staff_browser: StaffBrowser, path: str) -> None:
        self._witness.count(f"retry {staff_browser.submit(path, lambda _: {})}")

    def _mend_card(self, transaction: str) -> None:
        """As if the payment had been made with a saved card that has been refilled meanwhile."""
        customer = self._site.tell_stripe("customers", email="saved@example.com")["id"]
        card = self._site.tell_stripe("payment_methods/pm_card_visa/attach", customer=customer)
        with self._site.database() as connection:
            connection.execute(_MEND, (card["id"], customer, transaction))

    @staticmethod
    def _at_once(*steps: Callable[[], object]) -> None:
        with ThreadPoolExecutor(len(steps)) as both:
            for done in [both.submit(step) for step in steps]:
                done.result()


def _full(fields: dict[str, str]) -> dict[str, str]:
    return {"amount": fields.get("amount", "0"), "reason": "the buyer asked for it"}


def _part(fields: dict[str, str]) -> dict[str, str]:
    left = Decimal(fields.get("amount", "0"))
    smallest = Decimal(1).scaleb(int(left.as_tuple().exponent))
    return {"amount": str((left / 3).quantize(smallest)), "reason": "a part was broken"}


def _too_much(fields: dict[str, str]) -> dict[str, str]:
    return {"amount": str(Decimal(fields.get("amount", "0")) + 1), "reason": "too much"}
