"""Frames of frozen encoders: computed, altered, kept, read and pooled."""
