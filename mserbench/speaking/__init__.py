"""Speech by espeak-ng, in a process of its own: what speaks, and its client."""
