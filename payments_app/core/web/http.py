"""HTTP as every package speaks it: problems, their answers, who wants JSON.

A problem is `{"success": false, "error": {"message", "code", "fields"?}}` for a program, and a
page in the site's own look for a person.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response, current_app, g, jsonify, make_response, render_template, request

from payments_app.core.language import Words
from payments_app.core.web import headers
from payments_app.core.web.links import absolute

WORDS = {
    400: ("bad_request", Words("We couldn't read this request. Check it and send it again.")),
    401: ("unauthorized", Words("Sign in first.")),
    403: ("forbidden", Words("You don't have permission to do this.")),
    404: ("not_found", Words("We couldn't find this page.")),
    405: ("method_not_allowed", Words("This address doesn't support this method.")),
    413: ("body_too_large", Words("This request is too large.")),
    415: ("unsupported_media_type", Words("Send a form or JSON.")),
    421: (
        "misdirected",
        Words("Nothing is served at this address. Use the one that you were given."),
    ),
    422: ("invalid", Words("Check the details and try again.")),
    429: ("rate_limited", Words("Too many requests. Wait a moment and try again.")),
    500: ("internal_error", Words("Something went wrong on our side.")),
    503: ("unavailable", Words("This is temporarily unavailable. Try again in a moment.")),
}
# What a page says below its heading instead of the sentences above, which would say the heading
# again. Whole sentences: what is cut out of one is in no catalogue.
_BELOW = {
    403: "",
    404: Words("Check the address. The page may no longer exist."),
    413: Words("It was not read. Go back, shorten what you typed and try again."),
    422: Words("Go back and try again."),
    429: Words("Wait a moment and try again."),
    500: "",
    503: Words("Try again in a moment."),
}


class ProblemError(Exception):
    """An answer that is not what was asked for. `fields` maps a field's name to what is wrong.
    `below` is what a page says below its heading, where that begins as the message does."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        fields: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        below: str | None = None,
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        if below is None and message == WORDS.get(status, ("", ""))[1]:
            below = _BELOW.get(status)
        self.below = message if below is None else below
        self.fields = dict(fields or {})
        self.headers = dict(headers or {})
        self.more = more

    def body(self) -> dict[str, Any]:
        """The envelope; what was given as `more` stands beside message and code."""
        error: dict[str, Any] = {"message": str(self.message), "code": self.code}
        error |= {name: str(v) if isinstance(v, Words) else v for name, v in self.more.items()}
        if self.fields:
            error["fields"] = {name: str(words) for name, words in self.fields.items()}
        return {"success": False, "error": error}


def wants_json() -> bool:
    """Whether to answer JSON: always under /api/ and to JSON, else unless the client prefers
    HTML to it."""
    if request.path.startswith("/api/") or request.is_json:
        return True
    accepted = request.accept_mimetypes
    return accepted["text/html"] <= accepted["application/json"]


def words_of(status: int) -> tuple[str, str]:
    """The code and the sentence for a status that has no better ones of its own."""
    return WORDS[status]


@dataclass(frozen=True)
class Area:
    """Whose pages begin with a path, and look as their own also where one fails: the template that
    they extend, the endpoint that leads back, and its words."""

    layout: str
    home: str
    back: str


def _area() -> Area | None:
    areas: Mapping[str, Area] = current_app.extensions.get("areas", {})
    return next((areas[path] for path in areas if request.path.startswith(path)), None)


def answer(problem: ProblemError) -> Response:
    """The problem as JSON or as a page, whichever the client wants."""
    if wants_json():
        response = jsonify(_with_request(problem.body()))
    else:
        g.is_problem = True  # languages.py asks
        page = render_template(
            "error.html", problem=problem, request_id=g.get("request_id"), area=_area()
        )
        response = make_response(page)
    response.status_code = problem.status
    response.headers.extend(problem.headers)
    response.vary.add("Accept")
    return headers.private(response)


def _with_request(body: dict[str, Any]) -> dict[str, Any]:
    """The envelope with what finds the request in our logs, and of the API what to read of it."""
    error = body["error"]
    if fields := error.get("fields"):
        error["param"] = next(iter(fields))
    if request.path.startswith("/api/"):
        error["doc_url"] = absolute(f"/docs#{error['code']}")
    error["request_id"] = g.get("request_id", "")
    return body
