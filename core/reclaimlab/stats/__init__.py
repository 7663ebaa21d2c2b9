"""Paired statistics over seeds, in plain Python: an interval, a test, and a judgement."""
