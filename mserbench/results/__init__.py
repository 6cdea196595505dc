"""What a run leaves behind: predictions, record, verdict, scores."""
