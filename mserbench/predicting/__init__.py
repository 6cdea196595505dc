"""A model on any audio files, without a task."""
