"""Getting open corpora: transfer, safe unpacking, export from a hub."""
