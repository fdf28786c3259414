"""Strategies: what comes over the wire when somebody plays."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from demo.products import DEMO_PRODUCTS

# What a WSGI server hands on of a header: ISO 8859-1, without line ends.
HEADER = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\x00"), max_size=300)
UNSTORABLE = st.sampled_from(["\x00", "\ud800", "\udfff", "\udc00\ud83d"])
TEXT = st.text(max_size=300) | st.builds(
    "{}{}{}".format, st.text(max_size=100), UNSTORABLE, st.text(max_size=100)
)
SCALARS: SearchStrategy[Any] = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | TEXT
    | st.sampled_from(["a" * 10_000, "../../etc", "' OR 1=1 --", "txn_", "💸"])
)
JSON: SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
PREFIXES = ("txn", "ord", "cust", "pi", "evt", "")
ID_LIKE = st.builds(
    lambda prefix, rest: f"{prefix}_{rest}",
    st.sampled_from(PREFIXES),
    st.text("0123456789abcdefghjkmnpqrstvwxyzILOU", min_size=20, max_size=32),
)
# Hypothesis tries the strings that it finds in our code too, the names of products among them.
_TAKEN = {product[0] for product in DEMO_PRODUCTS}
IDS = (TEXT | ID_LIKE).filter(lambda made: made not in _TAKEN)
BODIES = st.binary(max_size=2000) | st.sampled_from(
    [b"", b"[" * 15_000, b'{"a":' * 3000, b"\xff\xfe", b"\x00", b"1" * 5000, b"NaN", b'"\\ud800"']
)


def spoiled(good: dict[str, Any], spoilers: dict[str, SearchStrategy[Any]]) -> Any:
    """A good object of which at least one field is spoiled; others may be gone or odd too."""

    @st.composite
    def spoil(draw: Any) -> dict[str, Any]:
        made = dict(good)
        names = draw(st.sets(st.sampled_from(sorted(spoilers)), min_size=1))
        made |= {name: draw(spoilers[name]) for name in sorted(names)}
        return made | draw(st.dictionaries(TEXT.filter(lambda t: t not in made), JSON, max_size=2))

    return spoil()
