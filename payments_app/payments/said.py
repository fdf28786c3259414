"""said: what a payable says of itself, where its host's code may fail at it.

A row may have no amount any more, or name what is gone. Then nobody can begin to pay for it, and no
page breaks of what was paid, and no restore.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy.exc import DBAPIError

from payments_app.core.money import Money

if TYPE_CHECKING:
    from payments_app.payments.payable import Item, Payable

log = logging.getLogger(__name__)

Said = TypeVar("Said")
Instead = TypeVar("Instead")


def known_price(payable: Payable) -> Money | None:
    """What is to be paid; None where its host gives no money for it, such as the price of a room
    that is not set yet: then nobody can begin to pay."""
    price: object = said(lambda: payable.price, None)
    return price if isinstance(price, Money) else None


def known_items(payable: Payable) -> Sequence[Item]:
    """What a buyer gets for it; none where its host can't say, or gives one of them no price."""
    return said(lambda: _priced(payable.items), ())


def _priced(items: Sequence[Item] | None) -> Sequence[Item]:
    found = tuple(items or ())  # it may be made as it is read
    return found if all(isinstance(item.total, Money) for item in found) else ()


def said(ask: Callable[[], Said], instead: Instead) -> Said | Instead:
    """What is asked; `instead` where that fails, with an entry in the log. Raises DBAPIError: what
    the database refuses is of the whole transaction."""
    try:
        return ask()
    except DBAPIError:
        raise
    except Exception:
        log.exception("a payable failed at what it was asked")
        return instead
