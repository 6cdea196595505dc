"""The demo corpora: synthetic, rule-based emotional speech, made on the spot by espeak-ng.

They show the harness at work and test it; results on them say nothing about human speech.
"""
