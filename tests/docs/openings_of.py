"""What a package's opening lines must say, read from the code."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

TOP = "payments_app"


@dataclass(frozen=True)
class Opening:
    imports: str
    publishes: str
    subscribes: str


def packages(root: Path) -> list[str]:
    """Every package below payments_app, dotted."""
    found = (path.parent for path in (root / TOP).rglob("__init__.py"))
    return sorted(".".join(path.relative_to(root).parts) for path in found)


def facts(root: Path, package: str) -> Opening:
    return Opening(
        imports=_listed(_imports(root, package)),
        publishes=_listed(_published(root, package)),
        subscribes=_listed(_subscribed(package)),
    )


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names)) + "." if names else "nothing."


def _modules(root: Path, package: str) -> list[Path]:
    return sorted((root / package.replace(".", "/")).rglob("*.py"))


def _imported(path: Path) -> set[str]:
    """Dotted names that a file imports, as far as they are ours."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == TOP:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.split(".")[0] == TOP}
    return found


def _imports(root: Path, package: str) -> set[str]:
    """Packages that it imports: another top one by its name; of its own, the inner ones."""
    own, names = package.split(".")[1:], set()
    inner = {name for name in packages(root) if name.count(".") >= 2}
    for path in _modules(root, package):
        for imported in _imported(path):
            parts = imported.split(".")[1:]
            if parts[0] != own[0]:
                names.add(parts[0])
            elif len(own) > 1:
                mine = f"{TOP}.{parts[0]}.{parts[1]}" if len(parts) > 1 else ""
                if mine in inner and mine != package:
                    names.add(f"{parts[0]}.{parts[1]}")
                elif mine not in inner:
                    names.add(parts[0])
    return names


# Events that no constant of a package names: the state machines make them of their states.
_STATES = {
    "payments.states": ("payment.", "payments.transactions"),
    "payments.refunds.models": ("refund.", "payments.refunds"),
}


def _published(root: Path, package: str) -> set[str]:
    """Events that somebody may subscribe to, by the package whose files name them."""
    from payments_app import subscribers

    found = set()
    for event in subscribers.EVENTS:
        homes = {inner for head, inner in _STATES.values() if event.startswith(head)}
        if not homes:
            homes = {_home(root, event)}
        for home in homes:
            if f"{TOP}.{home}" == package or f"{TOP}.{home}".startswith(f"{package}."):
                found.add(event)
    return found


def _home(root: Path, event: str) -> str:
    """The innermost package with a file that says the event's name as a constant."""
    homes = [
        ".".join(path.parent.relative_to(root / TOP).parts)
        for path in sorted((root / TOP).rglob("*.py"))
        if f'= "{event}"' in path.read_text()
    ]
    return homes[0] if homes else ""


def _subscribed(package: str) -> set[str]:
    from payments_app import job_commands, subscribers

    return {
        event
        for event, listed in subscribers.EVENTS.items()
        for each in listed
        if _module_of(job_commands.COMMANDS[each.command].run).startswith(f"{package}.")
    }


def _module_of(function: object) -> str:
    inner = getattr(function, "__wrapped__", function)
    return str(getattr(inner, "__module__", ""))
