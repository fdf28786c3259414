"""What comes in and what goes out: one HTTP request, one HTTP response."""

import enum
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


class Fate(enum.Enum):
    """How much of a response reaches the client."""

    WHOLE = "whole"
    TRUNCATED = "truncated"
    DROPPED = "dropped"


@dataclass
class Response:
    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    fate: Fate = Fate.WHOLE

    @classmethod
    def json(cls, status: int, content: Any) -> "Response":
        body = json.dumps(content, indent=2).encode()
        return cls(status, body, {"Content-Type": "application/json"})

    @classmethod
    def html(cls, status: int, page: str) -> "Response":
        return cls(status, page.encode(), {"Content-Type": "text/html; charset=utf-8"})

    @classmethod
    def redirect(cls, location: str) -> "Response":
        return cls(303, b"", {"Location": location})
