"""The board as one static page that opens from disk: its data, its template, its labels."""
