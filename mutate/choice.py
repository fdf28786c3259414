"""Which mutants are run: by chance, the same ones each time, some of every package and kind."""

from __future__ import annotations

import tomllib
from itertools import chain, zip_longest
from pathlib import Path

from mutate.mutants import Mutant, mutants_of

EQUIVALENT = Path(__file__).with_name("equivalent.toml")
MOST_EQUIVALENT = 10


def chosen(root: Path, count: int, seed: int, only: str = "") -> list[Mutant]:
    """`count` mutants of the product, or of `only` a part of it: one of each package, and then of
    each kind in turn.

    What is chosen is decided by a hash of each: a change elsewhere does not choose others.
    """
    wanted = (mutant for mutant in mutants_of(root) if mutant.path.startswith(only))
    ranked = sorted(wanted, key=lambda mutant: mutant.rank(seed))
    first = {mutant.package: mutant for mutant in reversed(ranked)}.values()
    kinds: dict[str, list[Mutant]] = {}
    for mutant in ranked:
        kinds.setdefault(mutant.kind, []).append(mutant)
    in_turn = (m for m in chain.from_iterable(zip_longest(*kinds.values())) if m is not None)
    sources: dict[str, str] = {}
    found: dict[Mutant, None] = {}
    for mutant in chain(first, in_turn):
        source = sources.setdefault(mutant.path, (root / mutant.path).read_text())
        if mutant.compiles(source):
            found[mutant] = None
        if len(found) == count:
            break
    return list(found)


def equivalents(path: Path = EQUIVALENT) -> dict[tuple[str, str, str, str], str]:
    """Mutants that behave as the product does, each with the reason: path, function, old, new."""
    listed = tomllib.loads(path.read_text()).get("equivalent", [])
    return {(e["path"], e["function"], e["old"], e["new"]): e["why"] for e in listed}


def key_of(mutant: Mutant) -> tuple[str, str, str, str]:
    return mutant.path, mutant.function, mutant.old, mutant.new
