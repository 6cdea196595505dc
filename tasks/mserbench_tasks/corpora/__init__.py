"""One module a corpus: a card, a name pattern, and the function that parses its names."""
