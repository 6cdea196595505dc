"""A model and a task made ready, and the one loop that runs them."""
