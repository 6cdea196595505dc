"""The vectors of a model, to look at and to measure: gathered from runs, projected by t-SNE, drawn
as a picture.
"""
