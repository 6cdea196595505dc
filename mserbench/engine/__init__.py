"""Work on several workers: shards in, keyed outcomes out, whoever carries them out."""
