"""What is to be told of one finished run: its facts, and the blocks of a report on it."""
