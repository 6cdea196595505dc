"""What trained models share: settings, fitting, their folder of weights, scores over clips."""
