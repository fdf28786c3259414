"""The app's own processes, and the supervisor that keeps them running."""

import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from demo.directory import DataDirectory

STANDINS = "standins"
APP = "app"


@dataclass(frozen=True)
class Program:
    """Stand-ins start with the supervisor, the app when it is told. `stop_seconds` is how long
    it may finish what it is doing.
    """

    name: str
    command: Sequence[str]
    group: str = APP
    stop_seconds: int = 10


def app_programs(port: int) -> list[Program]:
    """The web, and the parent of all processes that work."""
    python = sys.executable
    gunicorn = [python, "-m", "gunicorn", "demo.app:app", "--bind", f"127.0.0.1:{port}"]
    threads = ["--worker-class", "gthread", "--workers", "2", "--threads", "8", "--preload"]
    return [
        Program("web", [*gunicorn, *threads, "--graceful-timeout", "8"]),
        Program("workers", [python, "worker.py"], stop_seconds=30),
    ]


def write_configuration(data: DataDirectory, socket: Path, programs: Sequence[Program]) -> Path:
    """supervisord's file. Settings are not in it: programs inherit supervisord's environment.

    Each group starts and ends at once; the app ends before what it stands on.
    """
    sections: dict[str, Mapping[str, object]] = {
        "supervisord": {
            "nodaemon": "true",
            "silent": "true",
            "logfile": data.logs / "supervisord.log",
            "pidfile": data.path / "supervisord.pid",
            "childlogdir": data.logs,
            **({"user": "root"} if os.geteuid() == 0 else {}),
        },
        "unix_http_server": {"file": socket, "chmod": "0700"},
        "supervisorctl": {"serverurl": f"unix://{socket}"},
        "rpcinterface:supervisor": {
            "supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"
        },
    }
    for priority, group in enumerate((STANDINS, APP)):
        members = [p for p in programs if p.group == group]
        sections |= {f"program:{p.name}": _program(p, data) for p in members}
        if members:
            names = ",".join(p.name for p in members)
            sections[f"group:{group}"] = {"programs": names, "priority": priority}
    path = data.path / "supervisord.conf"
    path.touch(mode=0o600)  # the sandbox's webhook secret is on its command line
    path.write_text(
        "\n".join(
            f"[{title}]\n" + "".join(f"{key}={_escaped(value)}\n" for key, value in body.items())
            for title, body in sections.items()
        )
    )
    return path


def _program(program: Program, data: DataDirectory) -> dict[str, object]:
    return {
        "command": shlex.join(program.command),
        "autostart": "true" if program.group == STANDINS else "false",
        "autorestart": "true",
        "startsecs": 1,
        "startretries": 1000,  # a broken neighbour may take a while to come back
        "stopwaitsecs": program.stop_seconds,
        "stopasgroup": "true",
        "killasgroup": "true",
        "redirect_stderr": "true",
        # supervisor expands this one twice.
        "stdout_logfile": _escaped(data.logs / f"{program.name}.log"),
        "stdout_logfile_maxbytes": "10MB",
        "stdout_logfile_backups": 2,
    }


def _escaped(value: object) -> str:
    return str(value).replace("%", "%%")
