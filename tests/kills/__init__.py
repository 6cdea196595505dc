"""Commands killed at every step and at random moments, then given again."""
