"""host: the product as a part of another application, the hotel of docs/embedding.md, run by its
own web server and its own workers. Every other buyer books a room and pays for that.

`python -m chaos.host URL PASSWORD STAFF...` opens the hotel and the shop in it, as `chaos.opening`.
"""

from __future__ import annotations

import re
import secrets
import sys
from pathlib import Path
from urllib.parse import urlsplit

import requests

from chaos.books import Books
from chaos.opening import open_shop
from chaos.plan import Wish
from chaos.site import Site
from parts.app import REPOSITORY, Web, Worker
from parts.http import answers

PREFIX, ROOM, CENTS = "/pay", "Attic", 4200
_PAGE = REPOSITORY / "docs/embedding.md"
_CODE = re.compile(r"```python\n# hotel\.py, with payments\n(.*?)```", re.DOTALL)
_TIMES = (3, 15)


class _HostWeb(Web):
    def is_ready(self) -> bool:
        return answers(f"{self.url}{PREFIX}/healthz")


class HostSite(Site):
    """A site whose programs are the hotel's."""

    product, opening, cookie = "hotel:create_app", "chaos.host", "payments_session"
    not_restored = ("booking",)

    def _adapt(self) -> None:
        lay(self.directory)
        self.settings |= {
            "PYTHONPATH": f"{self.directory}:{REPOSITORY}",
            "HOTEL_SECRET_KEY": secrets.token_urlsafe(48),
        }

    def _web(self) -> Web:
        hotel = "hotel:create_app()"
        web = _HostWeb(self.directory, self.settings, self.web_port, workers=2, application=hotel)
        web.cwd = self.directory  # away from our own gunicorn.conf.py
        return web

    def _workers(self) -> list[Worker]:
        workers = super()._workers()
        for worker in workers:
            worker.command = self.flask("worker", *([worker.queue] if worker.queue else []))
        return workers

    @property
    def url(self) -> str:
        """Where the payments are."""
        return f"{super().url}{PREFIX}"

    def flask(self, *words: str) -> list[str]:
        """One of the product's own commands, below the hotel's."""
        return [sys.executable, "-m", "flask", "--app", "hotel", "payments", *words]

    def item_for(self, wish: Wish, browser: requests.Session) -> str | None:
        """A new booking of every other buyer's."""
        if wish.number % 2:
            return super().item_for(wish, browser)
        self._post(browser, "users", email=f"buyer{wish.number}@example.com")
        to = self._post(browser, "bookings", room=ROOM).headers.get("Location")
        return urlsplit(to).path.rpartition("/")[2] if to else None

    def broken(self, found: Books) -> list[str]:
        """Bookings that are not paid exactly where a payment of their price completed."""
        paid = {
            t["payable_id"]: t["amount"]
            for t in found.transactions
            if t["payable_type"] == "booking" and t["state"] == "complete"
        }
        with self.database() as connection:
            rows = connection.execute("SELECT id, status FROM bookings").fetchall()
        wrong = [
            f"booking {id_} is {status}, and {paid.get(id_, 0)} was paid for it"
            for id_, status in rows
            if (status, paid.get(id_)) not in (("paid", CENTS), ("open", None))
        ]
        lost = sorted(paid.keys() - {id_ for id_, _ in rows})
        nobody = [] if paid else ["no booking was paid at all"]
        return [*wrong, *(f"{id_} was paid and is no booking" for id_ in lost), *nobody]

    def _post(self, browser: requests.Session, path: str, **form: str) -> requests.Response:
        """One of the hotel's own forms. Raises requests.RequestException."""
        hotel = super().url
        token = browser.get(f"{hotel}/token", timeout=_TIMES)
        token.raise_for_status()
        form = {"csrf_token": token.text, **form}
        answer = browser.post(f"{hotel}/{path}", form, timeout=_TIMES, allow_redirects=False)
        answer.raise_for_status()
        return answer


def lay(directory: Path) -> None:
    """Write the hotel into a directory. Raises AttributeError where the page has none."""
    code: str = _CODE.search(_PAGE.read_text())[1]  # type: ignore[index]
    (directory / "hotel.py").write_text(code)


def main(endpoint: str, password: str, *staff: str) -> str:
    """The hotel's tables and its room, and the shop."""
    import hotel  # type: ignore[import-not-found]

    from demo.commands import prepare

    host = hotel.create_app()
    with host.app_context():
        hotel.db.create_all()
        hotel.db.session.add(hotel.Product(name=ROOM, cents=CENTS))
        hotel.db.session.commit()
    payments = host.extensions["payments"].app
    prepare(payments)
    return open_shop(payments, endpoint, password, *staff)


if __name__ == "__main__":
    print(main(*sys.argv[1:]))
