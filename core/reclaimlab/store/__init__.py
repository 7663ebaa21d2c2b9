"""The store: one SQLite file of comparisons and runs; the only SQL of the project is in here."""

import sys

# sqlite-utils imports pandas where it is installed, for methods that we do not use: with pyarrow
# behind it, that is half of the time the window needs to start.
_KEPT = sys.modules.get("pandas")
if _KEPT is None:
    sys.modules["pandas"] = None  # type: ignore[assignment]  # Python's own sign for: not there
    import sqlite_utils  # noqa: F401  # imported here for this alone

    del sys.modules["pandas"]
