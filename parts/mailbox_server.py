"""A mail server that delivers nothing: it keeps each mail as a file, for people to read.

`python -m parts.mailbox_server PORT DIRECTORY`. As with test cards, some addresses have an effect:
it refuses mail for `refused@...` for good, and mail for `later@...` for now.
"""

import asyncio
import sys
import time
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

LOOPBACK = "127.0.0.1"
EFFECTS = {"refused": "550 5.1.1 no such mailbox", "later": "451 4.3.2 come back later"}


class Keeper:
    """What aiosmtpd asks at each step."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: object
    ) -> str:
        effect = EFFECTS.get(address.partition("@")[0])
        if effect:
            return effect
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        name = f"{time.time_ns()}.eml"
        half = self.directory / f".{name}"
        half.write_bytes(envelope.original_content or b"")
        half.rename(self.directory / name)  # a reader never sees half a mail
        return "250 kept"


async def serve(port: int, directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    loop = asyncio.get_running_loop()
    keeper = Keeper(directory)
    server = await loop.create_server(
        lambda: SMTP(keeper, hostname="localhost", loop=loop), LOOPBACK, port
    )
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2])))
