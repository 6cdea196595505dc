"""Learning from clips: sets, batches, losses, the loop, and what it keeps on disk."""
