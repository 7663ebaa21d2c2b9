"""The process that takes the recorder's trace instances away, also when the recorder is killed.

Run as ``python -m reclaimlab.record.guard FOLDER...``. Its standard input is a pipe whose other end
only the recorder holds: it closes when the recorder is done, and when the kernel ends it.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Final

_PATIENCE_S: Final = 10.0
"""An instance cannot go while a dying process still reads it."""


def remove(folder: Path) -> bool:
    """Remove a trace instance, and with it every event that it has on; say whether it is gone."""
    deadline = time.monotonic() + _PATIENCE_S
    while folder.is_dir():
        try:
            folder.rmdir()
        except OSError:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
    return True


def main() -> int:
    """Wait for the end of the recorder, then remove; 1 if an instance is still there."""
    sys.stdin.buffer.read()
    left = [name for name in sys.argv[1:] if not remove(Path(name))]
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
