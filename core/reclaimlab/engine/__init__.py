"""Time, tasks, waiting and order: a discrete-event engine that knows no kernel."""
