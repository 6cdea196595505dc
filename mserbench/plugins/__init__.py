"""Kinds of plugin, how they are found, and names resolved to what they stand for."""
