"""What a header may claim: rates, lengths and samples beyond which a file is refused unread."""

from __future__ import annotations

RATES = (2_000, 768_000)  # Hz; telephones have 8,000, studios at most 768,000
LONGEST = 1_800.0  # seconds of one clip; an utterance has a few, the known corpora's below 60
MOST_SAMPLES = 1 << 28  # of all channels of one clip: 1 GiB as float32


def refused(rate: int, n_channels: int, n_frames: int | None = None) -> str:
    """Return why a file is not decoded, as the rest of a sentence that begins with it, or nothing.

    `n_frames`: samples a channel that are to be held at once; None where they are heard piece by
    piece.
    """
    least, most = RATES
    if not least <= rate <= most:
        return (
            f"claims a sampling rate of {rate:,} Hz, but {least:,} to {most:,} Hz were expected: "
            "mend its header"
        )
    if n_frames is None:
        return ""
    if n_frames / rate > LONGEST:
        return (
            f"claims {n_frames / rate:,.0f} s, but a clip of at most {LONGEST:,.0f} s was "
            "expected: cut it, or give start and end of each clip"
        )
    if n_frames * n_channels > MOST_SAMPLES:
        return (
            f"claims {n_frames:,} samples in {n_channels:,} channels, but at most "
            f"{MOST_SAMPLES:,} in all were expected: convert it to one channel of 16 kHz"
        )
    return ""
