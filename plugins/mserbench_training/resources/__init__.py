"""What a computation may use: threads, saved arrays, memory given back by computing again."""
