"""Sweeps: one scenario over many values, and what can be asked of such maps."""
