"""Prosody of one clip, measured and put onto other speech: melody, loudness, rate and pauses."""
