"""What draws: the only place that knows pyqtgraph."""
