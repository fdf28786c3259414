"""A table of legal moves between states, for every package that has states."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


class IllegalMoveError(ValueError):
    """The table of moves does not allow this one: the row has moved on since it was read."""

    def __init__(self, kind: str, old: str, new: str) -> None:
        super().__init__(f"a {kind} can't go from {old} to {new}")
        self.old, self.new = old, new


@dataclass(frozen=True)
class Machine:
    """The states of one kind of row and the moves between them."""

    kind: str
    moves: Mapping[str, frozenset[str]]

    def allows(self, old: str, new: str) -> bool:
        """Whether a row in `old` may go to `new`."""
        return new in self.moves[old]

    def check(self, old: str, new: str) -> None:
        """Raise IllegalMoveError unless a row in `old` may go to `new`."""
        if not self.allows(old, new):
            raise IllegalMoveError(self.kind, old, new)

    def diagram(self) -> str:
        """The table as a Mermaid state diagram, a move a line, in the table's order."""
        lines = ["stateDiagram-v2", f"    [*] --> {next(iter(self.moves))}"]
        for old, allowed in self.moves.items():
            lines += [f"    {old} --> {new}" for new in self.moves if new in allowed]
        lines += [f"    {old} --> [*]" for old, allowed in self.moves.items() if not allowed]
        return "\n".join(lines)
