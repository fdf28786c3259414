"""The browser of this machine: the package index has none to download."""

import os
import shutil

from parts.install import MissingPart

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Root and containers have no user namespaces for the browser's own sandbox, and a small /dev/shm.
ARGUMENTS = ("--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu")


def find_chromium() -> str:
    """The path of the browser; the variable CHROMIUM wins. Raises MissingPart."""
    for name in (os.environ.get("CHROMIUM"), *NAMES):
        if name and (found := shutil.which(name)):
            return found
    raise MissingPart("chromium")
