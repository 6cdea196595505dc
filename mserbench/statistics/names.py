"""The names of the metrics; apart from what computes them, as who reads a finished run needs no
numpy.
"""

METRICS: tuple[str, ...] = ("UA", "WA", "WF1", "MF1", "precision", "unparsed")
"""The keys of every mapping of metrics, in the order in which tables show them."""
