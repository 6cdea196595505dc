"""What a model loses on the same clips heard through telephones, codecs, rooms and noise."""
