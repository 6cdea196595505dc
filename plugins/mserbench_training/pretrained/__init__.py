"""Pretrained weights by name: where they come from, and how a folder is assembled of them."""
