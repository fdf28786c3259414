"""One call to a stranger's server: short, to the address that was checked, and only there."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterable, Iterator

import pytest

from payments_app.merchants.address import Guard
from payments_app.notices import call as calls
from payments_app.notices.call import Outcome, call
from payments_app.notices.webhook_retries import (
    DeliveryError,
    RateLimitedError,
    TimedOutError,
    UnreachableError,
)
from tests.notices.receiver import Receiver

LOCAL = Guard(allow_loopback=True)


def post(url: str, guard: Guard = LOCAL) -> Outcome:
    return call(guard, url, {"Content-Type": "application/json"}, "{}")


@contextlib.contextmanager
def talker(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that reads a little and then does what it likes."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with contextlib.suppress(OSError):
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                talk(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    finally:
        listener.close()
        thread.join(10)


def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    other = Receiver()
    receiver.answer, receiver.headers = 302, {"Location": other.url}
    outcome = post(receiver.url)
    other.close()
    assert (outcome.status, type(outcome.problem)) == (302, DeliveryError)
    assert other.came == []


def test_a_name_that_was_public_when_saved_is_refused_when_it_turns_private(
    receiver: Receiver,
) -> None:
    answers = iter([["93.184.215.14"], ["127.0.0.1"]])
    guard = Guard(resolver=lambda _host, _port: next(answers))
    url = f"https://shop.example:{receiver.server.server_port}/hook"
    guard.target(url)
    outcome = post(url, guard)
    assert "not on the public internet" in str(outcome.problem)
    assert type(outcome.problem) is DeliveryError
    assert receiver.came == []


def test_the_call_goes_to_the_address_that_was_checked_whatever_the_name_says_later(
    receiver: Receiver,
) -> None:
    asked: list[str] = []

    def resolver(host: str, _port: int) -> Iterable[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.2"]

    url = f"http://shop.example:{receiver.server.server_port}/hook"
    outcome = post(url, Guard(allow_loopback=True, resolver=resolver))
    assert (outcome.status, asked) == (204, ["shop.example"])
    ((headers, _),) = receiver.came
    assert headers["host"] == f"shop.example:{receiver.server.server_port}"


def test_a_private_address_is_refused_at_the_call_too(receiver: Receiver) -> None:
    outcome = post(receiver.url, Guard())
    assert (outcome.status, type(outcome.problem), receiver.came) == (None, DeliveryError, [])


def test_an_unknown_host_counts_as_out_of_reach() -> None:
    outcome = post("https://no-such-host.invalid/", Guard())
    assert type(outcome.problem) is UnreachableError


def test_a_refused_connection_counts_as_out_of_reach() -> None:
    problem = post("http://127.0.0.1:1/").problem
    assert type(problem) is UnreachableError
    assert str(problem) == "connection refused: nothing listens at this address and port"


def test_a_server_that_hangs_up_counts_as_out_of_reach() -> None:
    with talker(lambda _connection: None) as url:
        problem = post(url).problem
    assert type(problem) is UnreachableError
    assert str(problem) == "the connection was closed without an answer"


def test_an_answer_that_is_not_http_is_unknown() -> None:
    with talker(lambda connection: connection.sendall(b"hello\r\n\r\n")) as url:
        outcome = post(url)
    assert type(outcome.problem) is DeliveryError
    assert "not HTTP" in str(outcome.problem)


def test_a_server_that_says_nothing_times_out(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "WHOLE_SECONDS", 0.3)
    receiver.answer = None
    assert type(post(receiver.url).problem) is TimedOutError


def test_a_server_that_drips_times_out_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "WHOLE_SECONDS", 0.5)
    dry = threading.Event()

    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not dry.wait(0.05):
            connection.sendall(b"a")

    with talker(drip) as url:
        outcome = post(url)
        dry.set()
    assert type(outcome.problem) is TimedOutError


def test_a_server_that_speaks_no_tls_is_unknown(receiver: Receiver) -> None:
    url = receiver.url.replace("http://", "https://")
    outcome = post(url)
    assert outcome.status is None
    assert type(outcome.problem) is DeliveryError
    assert str(outcome.problem).startswith("TLS: ")


@pytest.mark.parametrize(
    "wish",
    [
        "Mon, 01 Jan 99999999999999999999 00:00:00 GMT",
        "Mon, 01 Jan 2026 00:00:00 +99999999999999",
        "\x00",
        "9" * 400,
    ],
)
def test_an_absurd_wish_to_wait_is_a_rate_limit_all_the_same(receiver: Receiver, wish: str) -> None:
    receiver.answer, receiver.headers = 429, {"Retry-After": wish}
    assert type(post(receiver.url).problem) is RateLimitedError
