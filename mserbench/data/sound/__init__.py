"""What an audio file holds, whether all of it is there, and what its sound is worth."""
