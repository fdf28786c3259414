"""Lists of Stripe's, page by page, newest objects first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from math import inf
from time import monotonic
from typing import Any

from payments_app.core.db.columns import as_object
from payments_app.gateway.client import client, options
from payments_app.gateway.exchange import V2_LIST, object_call
from payments_app.gateway.ids import id_of
from payments_app.gateway.results import Answer, UnreadableError, Verdict

# A `list` of the SDK's: it takes parameters and options.
List = Callable[[Any, Any], Any]
_PAGE = 100  # the most that Stripe lists at once
_UNTIL = ContextVar("until", default=inf)  # by the monotonic clock


@contextmanager
def in_time(seconds: float) -> Iterator[None]:
    """What of Stripe's lists is read within it ends in so many seconds: after that the next page
    raises UnreadableError. A merchant decides how long a list on their account is."""
    before = _UNTIL.set(monotonic() + seconds)
    try:
        yield
    finally:
        _UNTIL.reset(before)


def pages(call: List, account: str | None = None, **wanted: Any) -> Iterator[list[dict[str, Any]]]:
    """The pages of what is `wanted`, on a merchant's account or ours.

    Raises UnreadableError as soon as one of them can't be read, or holds what has no id: two such
    would share a row; or where it takes longer than `in_time` allows.
    """
    wanted = {"limit": _PAGE, **wanted}
    while True:
        if monotonic() > _UNTIL.get():
            raise UnreadableError(Verdict.UNKNOWN, {"code": "too_long_a_list"})
        page = _page(call, account, wanted)
        found: list[Any] = page["data"]
        if not all(isinstance(each, dict) and id_of(each) for each in found):
            raise UnreadableError(Verdict.UNKNOWN, {"code": "object_without_id"})
        if found:
            yield found
        if not found or not page.get("has_more"):
            return
        wanted = {**wanted, "starting_after": found[-1]["id"]}


def objects(call: List, account: str | None = None, **wanted: Any) -> Iterator[dict[str, Any]]:
    """Every object that is `wanted`. Raises UnreadableError."""
    for page in pages(call, account, **wanted):
        yield from page


def v2_objects(first: Callable[[], Any]) -> Iterator[dict[str, Any]]:
    """Every object of a list of API v2, of which `first` asks for the first page. Raises
    UnreadableError."""
    page = object_call("list", V2_LIST, first).expect_body()
    yield from page["data"]
    while url := page.get("next_page_url"):
        page = object_call("list", V2_LIST, lambda: _v2_page(url)).expect_body()
        yield from page["data"]


def find_named(name: str, found: Iterator[dict[str, Any]], field: str, our_id: str) -> Answer:
    """The first object that carries an id of ours in this field of its metadata. ANSWERED without
    a body says that there is none. Never raises."""
    try:
        for each in found:
            if as_object(each.get("metadata")).get(field) == our_id:
                return Answer(name, Verdict.ANSWERED, each)
    except UnreadableError as error:
        return Answer(name, error.verdict, error={"type": str(error)})
    return Answer(name, Verdict.ANSWERED)


def _v2_page(url: str) -> Any:
    return client().deserialize(client().raw_request("get", url), api_mode="V2")


def _page(call: List, account: str | None, wanted: dict[str, Any]) -> dict[str, Any]:
    return object_call("list", "list", lambda: call(wanted, options(account))).expect_body()
