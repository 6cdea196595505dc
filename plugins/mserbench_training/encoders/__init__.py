"""Frozen speech encoders: waveforms in, the frames of chosen layers out."""
