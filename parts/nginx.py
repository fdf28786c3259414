"""The real nginx with the product's own nginx.conf, on free ports with a certificate of its own."""

import getpass
import shutil
import ssl
import subprocess
from pathlib import Path

from parts.app import REPOSITORY
from parts.install import MissingPart
from parts.ports import LOOPBACK, free_port
from parts.process import NotReady, Process

NAME = "localhost"
_TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


class Nginx(Process):
    """Serves a release over TLS, and passes the rest to the app on `app_port`.

    `rewrites` are changes to nginx.conf besides the documented ones, to break a rule on purpose.
    """

    def __init__(
        self,
        directory: Path,
        release: Path,
        app_port: int,
        port: int | None = None,
        rewrites: dict[str, str] | None = None,
    ) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self.port, self.plain_port = port or free_port(), free_port()
        self.url = f"https://{NAME}:{self.port}"
        self.certificate = make_certificate(directory / "tls")
        self.configuration = directory / "nginx.conf"
        self.configuration.write_text(
            rendered(directory, release, app_port, self.port, self.plain_port, rewrites)
        )
        super().__init__(
            "nginx",
            [find_nginx(), "-c", self.configuration, "-g", "daemon off;"],
            directory / "nginx.log",
        )

    def is_ready(self) -> bool:
        try:
            ssl.get_server_certificate((NAME, self.port), timeout=2)
        except OSError:
            return False
        return True

    def test(self) -> str:
        """What `nginx -t` says. Raises NotReady where it refuses the configuration."""
        done = subprocess.run(
            [*self.command[:-2], "-t"], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise NotReady(f"nginx -t: {done.stderr.strip()}")
        return done.stderr


def rendered(
    directory: Path,
    release: Path,
    app_port: int,
    port: int,
    plain_port: int,
    rewrites: dict[str, str] | None = None,
) -> str:
    """The product's nginx.conf as it runs here: its files in `directory`, on these ports."""
    text = (REPOSITORY / "nginx.conf").read_text()
    temporary = "".join(f"    {n}_temp_path {directory}/{n};\n" for n in _TEMPORARY)
    documented = {
        "user www-data;": f"user {getpass.getuser()};",
        "worker_processes auto;": "worker_processes 1;",
        "/run/nginx.pid": f"{directory}/nginx.pid",
        "/var/log/nginx": str(directory),
        "http {\n": "http {\n" + temporary,
        "/srv/payments/current": str(release),
        "/etc/payments/tls": str(directory / "tls"),
        "127.0.0.1:8000": f"{LOOPBACK}:{app_port}",
        "listen 80 ": f"listen {LOOPBACK}:{plain_port} ",
        "listen 443 ": f"listen {LOOPBACK}:{port} ",
        "listen [::]:80 ": f"listen [::1]:{plain_port} ",
        "listen [::]:443 ": f"listen [::1]:{port} ",
        "pay.example.com$request_uri": f"{NAME}:{port}$request_uri",
        "pay.example.com": NAME,
        "Host $server_name;": f"Host $server_name:{port};",
    }
    for old, new in (documented | (rewrites or {})).items():
        if old not in text:
            raise NotReady(f"nginx.conf no longer says {old!r}.")
        text = text.replace(old, new)
    return text


def make_certificate(directory: Path) -> Path:
    """A key and a self-signed certificate for `localhost`, under the names of Let's Encrypt."""
    directory.mkdir(parents=True, exist_ok=True)
    certificate = directory / "fullchain.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *(
                "-nodes",
                "-days",
                "2",
                "-subj",
                f"/CN={NAME}",
                "-addext",
                f"subjectAltName=DNS:{NAME}",
            ),
            *("-keyout", directory / "privkey.pem", "-out", certificate),
        ],
        capture_output=True,
        check=True,
    )
    return certificate


def find_nginx() -> str:
    """Raises MissingPart."""
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if found is None:
        raise MissingPart("nginx")
    return found
