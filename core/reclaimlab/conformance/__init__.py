"""The kit behind ``plugin check``: every rule, tried in processes that may be lost."""
