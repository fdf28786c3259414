"""payable_rules: what a kind of payable must say, asked as its class is defined: a mistake there
would otherwise be a page that is not found, or a payment that is joined to nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Integer, Numeric, String
from sqlalchemy.orm import Mapper

from payments_app.payments.models import Role

MOST = 40  # characters of an id, and of a type
SECRET = 16  # characters at least after the prefix: whoever knows an id reads what was bought
_TYPE = re.compile(r"[A-Za-z0-9_-]{1,40}", re.ASCII)
_PREFIX = re.compile(r"[A-Za-z0-9-]{1,20}", re.ASCII)


def check_class(kind: Any, base: type, others: Iterable[type]) -> None:
    """Raise TypeError where the class does not say what each payable must, or says another's."""
    for name, form, example in (
        ("payable_type", _TYPE, '"booking": what joins a payment to its row, for good'),
        ("payable_prefix", _PREFIX, '"bkg": how its ids begin, before a "_"'),
    ):
        said = getattr(kind, name, None)
        if not isinstance(said, str) or not form.fullmatch(said):
            raise TypeError(f"{kind.__name__} needs a {name} such as {example}; it says {said!r}")
    must_say = ("price", "payment_description") if kind.payable_role == Role.PAYS_FOR else ()
    for name in must_say:
        if getattr(kind, name) is getattr(base, name):
            raise TypeError(
                f"{kind.__name__} needs a property {name} of its own, or of a base before Payable"
            )
    for other in others:
        for name in ("payable_type", "payable_prefix"):
            if getattr(kind, name) == getattr(other, name):
                raise TypeError(
                    f"{kind.__name__} has the type or the prefix of {other.__name__}: an id alone "
                    "says what it names"
                )


def check_key(mapper: Mapper[Any], kind: type) -> None:
    """Raise TypeError where its table's primary key can be no public id."""
    (column, *more) = mapper.primary_key
    named = mapper.get_property_by_column(column).key == "id"
    if more or not named or not isinstance(_plain(column), String):
        raise TypeError(
            f"{kind.__name__} needs one primary key, `id`, of text, such as String({MOST}). A table"
            ' with another key is paid for by a table of bills: docs/embedding.md, "Numbers as ids"'
        )
    price = mapper.columns.get("price")
    if price is not None and isinstance(_plain(price), Integer | Numeric):
        raise TypeError(
            f"{kind.__name__}.price is a column of numbers: call that otherwise, and give Money in"
            " a property price"
        )


def _plain(column: ColumnElement[Any]) -> object:
    """Its type, or what that decorates."""
    return getattr(column.type, "impl_instance", column.type)


def check_id(public_id: object, prefix: str) -> None:
    """Raise ValueError for an id that no page of ours is found by, or that somebody can guess."""
    said = public_id if isinstance(public_id, str) else ""
    if not re.fullmatch(rf"{prefix}_[A-Za-z0-9_-]+", said, re.ASCII) or len(said) > MOST:
        raise ValueError(
            f"{public_id!r} is no id of a payable: it is text that begins with {prefix}_, of at"
            f" most {MOST} letters, digits, _ and -, as new_id({prefix!r}) makes it"
        )
    if len(said) < len(prefix) + 1 + SECRET:
        raise ValueError(
            f"{public_id!r} can be guessed, and whoever has it reads what was bought: give it"
            f" {SECRET} random characters at least, as new_id({prefix!r}) does"
        )
