"""The jobs' processes: `python worker.py` runs all of them, `python worker.py charges` one."""

import sys

from payments_app import create_app
from payments_app.programs import NAMES, programs, run_all

if __name__ == "__main__":
    if not set(sys.argv[1:]) <= set(NAMES) or len(sys.argv) > 2:
        sys.exit(f"Usage: python worker.py [NAME], where NAME is one of {', '.join(NAMES)}")
    if sys.argv[1:]:
        programs(create_app())[sys.argv[1]]()
    else:
        run_all(create_app())
