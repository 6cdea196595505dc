"""One module a corpus: a card, a name pattern, and the pure function that parses a folder's
names.
"""
