"""Every schedule of a small scenario, on the model code of the timed runs."""
