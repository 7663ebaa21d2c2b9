"""Becomes the command to record as soon as the recorder is ready for it.

Run as ``python -m reclaimlab.record.gate FD COMMAND...``: the process exists, so that its number
can be traced, and does nothing until a byte comes out of FD.
"""

from __future__ import annotations

import os
import sys


def main() -> int:
    """Wait, then turn into the command; without a byte the recorder gave up, and so does this."""
    gate = int(sys.argv[1])
    go = os.read(gate, 1)
    os.close(gate)
    if go:
        os.execvp(sys.argv[2], sys.argv[2:])
    return 1


if __name__ == "__main__":
    sys.exit(main())
