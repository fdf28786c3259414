"""Which templates a buyer's tests visit: each says it of itself, and is held to it.

A test that is marked with `@visits("cart.html", ...)` fails where it did not render all of those,
and the guards of a whole set of tests compare what they say with what there is: so they can run
apart from each other, in any order.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any, TypeVar

import pytest
from jinja2 import Environment

from payments_app.core import places

Test = TypeVar("Test", bound=Callable[..., Any])

# To merchants, to staff, and to who builds on it; whatever else there is, a buyer reads.
OTHERS = re.compile(
    r"(accounts|api|demo|ledger|merchants|ops|portal|settlement|staff)/"
    r"|styleguide|mail/(portal_link|endpoint_)|components/(tables|parts)\."
)


def buyers_templates() -> list[str]:
    """All that a buyer reads, pages and mails, with their parts."""
    root = places.templates()
    names = sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())
    return [name for name in names if not OTHERS.match(name)]


def visits(*templates: str) -> Callable[[Test], Test]:
    """Marks a test with the templates that it renders."""

    def mark(test: Test) -> Test:
        test.__dict__["templates_visited"] = templates
        return test

    return mark


def said_by(*modules: ModuleType) -> set[str]:
    """What the tests of these modules say that they visit."""
    tests = [each for module in modules for each in vars(module).values()]
    return {name for test in tests for name in getattr(test, "templates_visited", ())}


def said_of(request: pytest.FixtureRequest) -> set[str]:
    """The same, of the test that runs."""
    return set(getattr(request.function, "templates_visited", ()))


@contextmanager
def noted(environment: Environment) -> Iterator[set[str]]:
    """Fills with the names of the templates that are rendered meanwhile, parts among them."""
    names: set[str] = set()
    get = environment.get_template

    def note(name: Any, *args: Any, **kwargs: Any) -> Any:
        names.add(getattr(name, "name", name))
        return get(name, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(environment, "get_template", note)
        yield names
