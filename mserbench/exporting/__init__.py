"""Results in the formats by which the rest of the field takes them in."""
