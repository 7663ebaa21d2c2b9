"""Running: one run, many runs in processes, comparisons, and running stored runs again."""
