"""Files and folders whole or not at all, and caches that processes share."""
