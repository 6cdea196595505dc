"""Fingerprints of recordings: which hold the same audio though their samples differ."""
