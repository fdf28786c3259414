"""The wheel's files that are not Python: `hatchling` asks this as it builds (pyproject.toml).

It builds nothing without the hashed assets, which no checkout has: `flask --app wsgi assets build`.
"""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

DATA = "payments_app/_data"
LEFT_OUT = {"__pycache__", "demo"}


class Data(BuildHookInterface):  # type: ignore[type-arg]
    """Maps templates, static files, migrations and translations into the package."""

    def initialize(self, _version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        # By its path: the build has no Flask, which importing the product would need.
        asset_files = runpy.run_path(str(root / "payments_app/core/asset_files.py"))
        try:
            built = asset_files["built"](root / "static")
        except ValueError as error:
            raise SystemExit(f"No wheel: {error}") from None
        if built is None:
            raise SystemExit("No wheel: the assets are not built: run `flask assets build`")
        for directory in ("templates", "static", "migrations", "translations"):
            for path in sorted((root / directory).iterdir()):
                if path.name not in LEFT_OUT:
                    build_data["force_include"][str(path)] = f"{DATA}/{directory}/{path.name}"
