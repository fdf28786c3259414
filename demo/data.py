"""`make demo-data N=...`: a long history in the demo's database, whether or not the demo runs."""

import os
import subprocess
import sys
from pathlib import Path

from parts.settings import NO_CACHE, NO_REDIS, private_settings


def main(count: str) -> int:
    """Migrate the database and fill it; the exit code of whichever failed."""
    directory = Path(os.environ.get("DATA_DIR") or "data").resolve()
    directory.mkdir(parents=True, exist_ok=True)
    url = os.environ.get("DATABASE_URL") or f"sqlite:///{directory}/payments.sqlite3"
    settings = private_settings(
        database_url=url,
        redis_url=NO_REDIS,
        cache_redis_url=NO_CACHE,
        sandbox_url="http://127.0.0.1:1",
    )
    for words in (["db", "upgrade"], ["demo", "data", "--count", count]):
        done = subprocess.run(
            [sys.executable, "-m", "flask", "--app", "demo.app", *words],
            env=os.environ | settings,
            check=False,
        )
        if done.returncode:
            return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
