"""The audit of splits: what training and test share, and where the speaker gives the label away."""
