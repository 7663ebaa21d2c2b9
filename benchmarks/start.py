"""How long a person waits for ``reclaimlab --help``."""

from __future__ import annotations

import subprocess
import sys
import time


def help_seconds() -> float:
    """Return the wall time of one ``reclaimlab --help``, interpreter included."""
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "reclaimlab", "--help"], check=True, stdout=subprocess.DEVNULL
    )
    return time.perf_counter() - start
