"""The store: one SQLite file of comparisons and runs; the only SQL of the project is in here."""

import sys

# sqlite-utils imports pandas where it is installed, for methods that we do not use: with pyarrow
# behind it, that is half of the time the window needs to start.
if sys.modules.get("pandas") is None:
    sys.modules["pandas"] = None  # type: ignore[assignment]  # Python's own sign for: not there
    try:
        from sqlite_utils import Database
    finally:
        del sys.modules["pandas"]
else:
    from sqlite_utils import Database

__all__ = ["Database"]
