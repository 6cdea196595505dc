"""Experiments on adaptation: what so many unlabelled clips of a target bring each model."""
