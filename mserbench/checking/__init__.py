"""Whether runs got worse: baselines of a device, and each clip compared with them."""
