"""What a built set looks like: figures 1 and 2 of the paper, and numbers for what they claim."""
