"""A corpus of one's own, described by a TOML file, and the proposal of such a file."""
