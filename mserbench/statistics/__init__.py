"""Metrics, intervals and tests: pure functions of counts."""
