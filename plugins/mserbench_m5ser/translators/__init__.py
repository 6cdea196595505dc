"""The translators that ship: the paper's, and three that run without its gated weights."""
