"""The store: one SQLite file of comparisons and runs; the only SQL of the project is in here."""
