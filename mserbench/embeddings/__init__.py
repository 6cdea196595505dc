"""The vectors of a model, to look at and to measure: gathered from runs, projected by t-SNE, drawn
as a picture.
"""

# What is known of a clip, by which a picture may be coloured.
FIELDS = ("emotion", "language", "speaker", "prediction", "corpus")
