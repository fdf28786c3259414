"""What is logged can be followed, and holds nothing that must not be read."""

from __future__ import annotations

import io
import json
import logging
import time
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from flask import Flask, Response, request

from payments_app import create_app
from payments_app.config import Config
from payments_app.core.db.ids import new_id
from payments_app.core.logs import JsonFormatter, _without_secrets, about, redact
from payments_app.core.web import links
from payments_app.core.web.access import public

pytestmark = pytest.mark.portable


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the formatter writes of everything that is logged."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    logging.getLogger().addHandler(handler)
    yield stream
    logging.getLogger().removeHandler(handler)


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("key sk_live_51Habc refused", "51Habc"),
        ("key rk_test_51Habc refused", "51Habc"),
        ("whsec_abc123 did not match", "abc123"),
        ("Bearer pay_test_aB3-_xYz9 is nobody's", "aB3-_xYz9"),
        ("Bearer pay_live_aB3-_xYz9 is nobody's", "aB3-_xYz9"),
        ("pi_3Nabc_secret_xyz789", "xyz789"),
        ("seti_1abc_secret_xyz789", "xyz789"),
        ("postgresql://payments:hunter2@db/payments", "hunter2"),
        ("redis://:hunter2@cache:6379/0", "hunter2"),
        ("card 4242424242424242", "4242424242424242"),
        ("card 4242 4242 4242 4242, cvc", "4242 4242"),
        ("card 3782-822463-10005", "822463"),
        ('{"number": "5555555555554444"}', "5555555555554444"),
    ],
)
def test_a_secret_is_cut(text: str, secret: str) -> None:
    assert secret not in redact(text)
    assert "cut" in redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "txn_0123456789abcdef0123456789abcdef",
        "order 1000123 for 4950 usd",
        "number 4242424242424241 has a wrong check digit",
        "pk_test_51Habc is public",
        "https://pay.example.com/checkout/field-notes",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact(text) == text


def test_an_argument_is_cut_as_the_message_is(log: io.StringIO) -> None:
    logging.getLogger("payments_app").error("refused: %s", "sk_test_abc123")
    assert "abc123" not in log.getvalue()
    assert json.loads(log.getvalue())["message"] == "refused: sk_test_[cut]"


def test_a_traceback_is_cut_too(log: io.StringIO) -> None:
    try:
        raise RuntimeError("card 4242 4242 4242 4242")
    except RuntimeError:
        logging.getLogger("payments_app").exception("failed")
    assert "RuntimeError" in log.getvalue()
    assert "4242 4242" not in log.getvalue()


def test_a_line_names_its_request_and_its_payment(app: Flask, log: io.StringIO) -> None:
    @public
    def view() -> str:
        app.logger.error("about txn_abc123")
        return ""

    app.add_url_rule("/speak", "speak", view)
    answer = app.test_client().get("/speak")
    entry = json.loads(log.getvalue().splitlines()[-1])
    assert entry["request_id"] == answer.headers["X-Request-ID"]
    assert entry["payment"] == "txn_abc123"
    assert entry["level"] == "error"


# What a browser asks for, by the names of our routes: tokens of each kind, good ones or not.
ONE_TIME, SIGNED = "link_" + "T0ken-_x" * 6, "ImRpZ190MGtlbiI.aSbc" + "T0ken-_x" * 4
ADDRESSES = [
    f"/account/{ONE_TIME}",
    f"/staff/password/new?token={ONE_TIME}",
    f"/downloads/{SIGNED}",
    f"/onboarding/{SIGNED}",
    f"/Account/{ONE_TIME}",
    f"/account/{ONE_TIME}/",
    f"/account//{SIGNED}",
    f"/{SIGNED}",
]


@pytest.mark.parametrize("path", ADDRESSES)
def test_a_line_names_the_route_and_never_a_token(app: Flask, log: io.StringIO, path: str) -> None:
    @app.after_request
    def speak(response: Response) -> Response:
        app.logger.error("spoken")
        return response

    assert app.test_client().get(path).status_code < 500
    entry = json.loads(log.getvalue().splitlines()[-1])
    assert "T0ken" not in log.getvalue()
    assert entry["route"].rpartition("/")[2] in {"<token>", "new", "unknown"}


@pytest.mark.parametrize("path", ADDRESSES[:4])
def test_a_link_that_a_library_quotes_is_cut(path: str) -> None:
    said = redact(f"Error handling request {path} of https://pay.example.com{path}")
    assert "T0ken" not in said
    assert "[cut]" in said


@pytest.mark.parametrize("path", [f"/account/{ONE_TIME}", f"/downloads/{SIGNED}"])
def test_a_link_that_is_quoted_as_a_part_of_another_is_cut(path: str) -> None:
    """As mail servers quote what they refuse, and pages that lead on."""
    said = redact(f"550 see https://spam.example/?u={quote(f'https://pay.example.com{path}', '')}")
    assert "T0ken" not in said
    assert "spam.example/?u=https%3A%2F%2Fpay.example.com%2F" in said


@pytest.mark.parametrize(
    "place", ["/consents/{}", "/a-route-to-come/{}", "session={};", "?u=%2Fconsents%2F{}", "{}"]
)
def test_whatever_we_sign_is_cut_wherever_it_stands(app: Flask, place: str) -> None:
    """Links of every purpose, also of those that have no path in a list, and cookies."""
    with app.app_context():
        signed = links.sign("consent", "cns_0123456789")
    said = redact(f"550 5.7.1 {place.format(signed)} is refused")
    assert "[cut]" in said
    assert not any(part in said for part in signed.split("."))
    assert said.startswith("550 5.7.1 ")


@pytest.mark.parametrize(
    "place",
    [
        "Exception on /checkout/{} [GET]",
        "GET /de/checkout/{}/challenge",
        "?u=https%3A%2F%2Fpay%2Fcheckout%2F{}&a=1",
        "{}",
    ],
)
def test_a_link_to_pay_is_cut_wherever_it_is_quoted(app: Flask, place: str) -> None:
    """Of its address only the id is left, which opens nothing."""
    asked, other = new_id("prq"), new_id("ord")
    with app.app_context():
        name = links.sign_name(asked)
    for written in (name, name.upper()):
        said = redact(f"{place.format(written)}, {other} stays")
        assert f"{asked}-[cut]".casefold() in said.casefold()
        assert name[-24:] not in said.casefold()
        assert said.endswith(f", {other} stays")


def test_a_fault_on_the_page_of_a_link_to_pay_does_not_log_it(
    app: Flask, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = new_id("prq")
    with app.app_context():
        name = links.sign_name(asked)

    @public
    def broken(item: str) -> str:
        raise RuntimeError(item)

    monkeypatch.setitem(app.view_functions, "checkout.form", broken)
    assert app.test_client().get(f"/checkout/{name}").status_code == 500
    assert "RuntimeError" in log.getvalue()
    assert name[-24:] not in log.getvalue()


@pytest.mark.parametrize(
    "piece", ["a", "1", "pi_a", "a://b:", "abcdefgh.", "link_", "/account/", "\\", "a-"]
)
def test_a_long_line_is_cut_in_no_time(piece: str) -> None:
    """Whoever has us log a text of theirs takes no processor by it: of 60,000 letters a second."""
    text = piece * (60_000 // len(piece))
    began = time.process_time()
    redact(f"{text} postgresql://payments:hunter2@db")
    assert time.process_time() - began < 3


def test_an_error_of_ours_shows_no_secret_to_the_visitor(app: Flask, log: io.StringIO) -> None:
    @public
    def broken() -> str:
        raise RuntimeError("sk_live_abc123")

    app.add_url_rule("/broken", "broken", broken)
    answer = app.test_client().get("/broken")
    assert answer.status_code == 500
    assert "abc123" not in answer.text
    assert "abc123" not in log.getvalue()


def test_what_sentry_gets_is_cut_at_any_depth() -> None:
    event = {"exception": {"values": [{"value": "whsec_abc123"}]}, "count": 3}
    assert _without_secrets(event) == {
        "exception": {"values": [{"value": "whsec_[cut]"}]},
        "count": 3,
    }


def test_sentry_is_told_of_no_person_no_variable_and_no_body(
    settings: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: dict[str, object] = {}
    monkeypatch.setattr("sentry_sdk.init", begun.update)
    dsn = "https://key@sentry.example/1"
    create_app(Config.from_env(settings | {"SENTRY_DSN": dsn}))
    assert (begun["dsn"], begun["max_request_body_size"]) == (dsn, "never")
    assert (begun["send_default_pii"], begun["include_local_variables"]) == (False, False)


def test_a_line_names_its_logger_and_its_level(log: io.StringIO) -> None:
    logging.getLogger("payments_app.somewhere").error("it happened")
    line = json.loads(log.getvalue())
    assert (line["logger"], line["level"]) == ("payments_app.somewhere", "error")


def test_a_line_names_the_message_that_is_worked_on(log: io.StringIO) -> None:
    with about(message_id=7, command="charge", subject="txn_abc123"):
        logging.getLogger("payments_app").error("again", extra={"facts": {"seconds": 5}})
    logging.getLogger("payments_app").error("later")
    first, second = map(json.loads, log.getvalue().splitlines())
    assert (first["message_id"], first["payment"], first["seconds"]) == (7, "txn_abc123", 5)
    assert "message_id" not in second


def test_the_server_s_access_log_can_name_the_payment_that_was_made(app: Flask) -> None:
    seen: dict[str, object] = {}

    @public
    def made() -> tuple[str, int, dict[str, str]]:
        seen["environ"] = request.environ
        return "", 303, {"Location": "/transactions/txn_abc123"}

    app.add_url_rule("/made", "made", made)
    app.test_client().get("/made")
    assert seen["environ"]["payments.payment"] == "txn_abc123"  # type: ignore[index]
