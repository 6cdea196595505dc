"""Small wrong changes of the core, each of which a test must see."""
