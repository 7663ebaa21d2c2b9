"""Counters, histograms and the records a run leaves behind."""
