"""Scenarios: TOML files that say what is simulated, their library, and recordings."""
