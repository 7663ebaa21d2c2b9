"""The tests inside the distributions are their authors': they run where those are installed."""

collect_ignore_glob = ["*/tests/*"]
