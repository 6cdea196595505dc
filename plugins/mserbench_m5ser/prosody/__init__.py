"""Prosody of one clip, measured and put onto other speech: melody, loudness, rate and pauses."""

from mserbench_m5ser.prosody.carrying import Parts, carry, transfer
from mserbench_m5ser.prosody.contours import NoProsody
from mserbench_m5ser.prosody.likeness import Likeness, measure

__all__ = ["Likeness", "NoProsody", "Parts", "carry", "measure", "transfer"]
