"""Every schedule of a small scenario, on the same model code as the timed runs: proof or schedule."""
