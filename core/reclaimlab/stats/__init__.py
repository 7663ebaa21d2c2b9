"""Paired statistics over seeds, in plain Python: intervals, a test, and a judgement of three words."""
