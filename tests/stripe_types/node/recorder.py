"""What the stand-in answers while its own tests run, and every event that it tells of."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stripe.params import WebhookEndpointCreateParams

import stripe_sandbox
from stripe_sandbox import routing
from stripe_sandbox.application import Application
from stripe_sandbox.call import visible
from stripe_sandbox.messages import Request, Response
from stripe_sandbox.server import LOOPBACK, Server

_TESTS = ["tests/sandbox", "-q", "-k", "not in_the_browser"]
# They spoil answers, or start servers of their own, or look at pages.
_OTHERS = ("faults", "process", "stripe_js")
_EVENTS = ("event", "v2.core.event")


@dataclass
class Recording:
    bodies: list[dict[str, Any]] = field(default_factory=list)
    routes: set[str] = field(default_factory=set)  # that answered 200
    failed: bool = False

    def never_seen(self) -> list[str]:
        """Routes and kinds of event that the stand-in has, of which nothing is here."""
        routes = {f"{each.method} {each.pattern.pattern}" for each in routing._routes}
        told = {body["type"] for body in self.bodies if body.get("object") in _EVENTS}
        return sorted(routes - self.routes) + sorted(_event_types() - told)


def _event_types() -> set[str]:
    """All that its code names."""
    declared = str(WebhookEndpointCreateParams.__annotations__["enabled_events"])
    known = set(re.findall(r"'([\w.]+)'", declared))
    folder = Path(stripe_sandbox.__file__).parent
    named = {
        word
        for path in folder.glob("*.py")
        for word in re.findall(r'"([\w.\[\]]+)"', path.read_text())
    }
    thin = re.compile(r"v2\.core\.(account[.\[]|event_destination\.)")
    return {word for word in named if word in known or thin.match(word)}


def record(directory: Path) -> Recording:
    """Runs the tests against a stand-in in this process."""
    found = Recording()
    server = Server(0)
    url = f"http://{LOOPBACK}:{server.server_port}"
    application = Application(directory, url)

    def answer(request: Request) -> Response:
        response = application.answer(request)
        if request.path.startswith(("/v1/", "/v2/")):
            found.bodies.append(json.loads(response.body))
            if response.status == 200 and (route := routing.find(request.method, request.path)):
                found.routes.add(f"{request.method} {route[0].pattern.pattern}")
        return response

    server.application = answer
    application.start()
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    others = [f"--ignore=tests/sandbox/test_sandbox_{name}.py" for name in _OTHERS]
    command = [sys.executable, "-m", "pytest", *_TESTS, *others]
    env = os.environ | {"TEST_SANDBOX_URL": url}
    found.failed = subprocess.run(command, env=env, check=False).returncode != 0
    server.shutdown()
    found.bodies += _events(directory / "sandbox.sqlite3")
    return found


def _events(path: Path) -> list[dict[str, Any]]:
    database = sqlite3.connect(path)
    told = f"SELECT body FROM objects WHERE kind IN {_EVENTS}"
    events = [visible(json.loads(body)) for (body,) in database.execute(told)]
    database.close()
    return events
