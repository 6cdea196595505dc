"""How results are shown: numbers, marks, pictures, progress."""
