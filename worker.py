"""The jobs' processes: `python worker.py` runs all of them, `python worker.py charges` one."""

import sys

from payments_app import create_app
from payments_app.core.jobs.processes import Parent
from payments_app.programs import NAMES, programs

if __name__ == "__main__":
    if not set(sys.argv[1:]) <= set(NAMES) or len(sys.argv) > 2:
        sys.exit(f"Usage: python worker.py [NAME], where NAME is one of {', '.join(NAMES)}")
    all_programs = programs(create_app())
    if sys.argv[1:]:
        all_programs[sys.argv[1]]()
    else:
        Parent(all_programs).run()
