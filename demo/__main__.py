"""`python -m demo`: runs until Ctrl-C or SIGTERM, then stops everything it started."""

import signal
import sys
from types import FrameType
from typing import NoReturn

from demo.launch import Demo, inherited
from demo.refusal import Refusal
from parts.install import MissingPart
from parts.process import NotReady

CARDS = (
    ("4242 4242 4242 4242", "pays"),
    ("4000 0000 0000 0002", "is declined"),
    ("4000 0000 0000 9995", "has insufficient funds"),
    ("4000 0027 6000 3184", "asks for 3-D Secure"),
)


class Stopped(Exception):
    """Somebody asked the run to end."""


def main() -> int:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    demo = None
    try:
        demo = Demo(inherited())
        demo.start()
        welcome(demo)
        demo.wait()
        print("The supervisor ended by itself: see its log.", file=sys.stderr)
        return 1
    except Stopped:
        print("\nStopping ...", flush=True)
        return 0
    except (Refusal, MissingPart, NotReady) as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C must not leave half of it
        if demo is not None:
            demo.stop()


def welcome(demo: Demo) -> None:
    url = f"http://127.0.0.1:{demo.port}"
    print(f"\nReady: {url}\n")
    if "_test_" in demo.settings["STRIPE_SECRET_KEY"]:
        print("Test cards, with any later date and any CVC:")
        for number, effect in CARDS:
            print(f"  {number}  {effect}")
    if "mailbox" in demo.standins:
        print(f"\nMails: {url}/demo/mails")
    print(f"\nStaff: {url}/staff/")
    print(f"  staff@example.com  password {demo.settings['DEMO_PASSWORD']}")
    if key := demo.settings.get("DEMO_API_KEY"):
        print(f"\nAPI: {url}/docs, and for its quickstart:\n  export PAY={url} KEY={key}")
    print(f"\nCommands: {demo.flask} --help")
    print(f"\nLogs: {demo.data.logs}\nCtrl-C stops everything; the data stays.", flush=True)


def _stop(_number: int, _frame: FrameType | None) -> NoReturn:
    raise Stopped


if __name__ == "__main__":
    sys.exit(main())
