"""What stands on a card's statement: the account's own name, and a suffix for each charge.

Source: https://docs.stripe.com/get-started/account/statement-descriptors
"""

import re
from typing import Any

from stripe_sandbox.errors import ApiError
from stripe_sandbox.store import Object

_PREFIX = "SANDBOX"
_LENGTH = 22
_SUFFIX = re.compile(r"(?=.*[A-Za-z])[ -~]*")


def check(params: dict[str, Any]) -> None:
    """Raises ApiError 400 for what no card network takes."""
    if params.get("statement_descriptor"):
        raise ApiError(
            400,
            "The `statement_descriptor` parameter is not supported for cards: use"
            " `statement_descriptor_suffix` instead.",
            param="statement_descriptor",
        )
    suffix = params.get("statement_descriptor_suffix")
    if not suffix:
        return
    if not _SUFFIX.fullmatch(suffix) or re.search(r"[<>\\'\"*]", suffix):
        raise _refused("must have a letter, be in Latin characters, and hold none of <>\\'\"*")
    if len(_joined(suffix)) > _LENGTH:
        raise _refused(f"must be {_LENGTH} characters at most, with the account's own")


def on_statement(intent: Object) -> str:
    suffix = intent["statement_descriptor_suffix"]
    return _joined(suffix) if suffix else _PREFIX


def _joined(suffix: str) -> str:
    return f"{_PREFIX}* {suffix.upper()}"


def _refused(why: str) -> ApiError:
    return ApiError(
        400, f"The statement descriptor suffix {why}.", param="statement_descriptor_suffix"
    )
