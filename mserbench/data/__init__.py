"""From a folder of recordings to labelled, checked clips."""
