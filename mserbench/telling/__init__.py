"""What is to be told of one finished run, or of two: facts, and the blocks of a report on them."""
