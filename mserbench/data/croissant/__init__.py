"""A task and its corpus as a document of the Croissant format (JSON-LD)."""
