"""Damaged corpora and hostile files: what each is, and what the program must say of it."""
