"""The simulator against recordings of real machines: measured, simulated, compared."""
