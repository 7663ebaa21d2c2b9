"""Where policies come from and how they are put together for one run."""
