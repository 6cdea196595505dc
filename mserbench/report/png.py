"""A matplotlib figure as the bytes of a PNG file, in few colours and without facts of the
machine.
"""

from __future__ import annotations

import io
import warnings
from typing import Any


def png(canvas: Any, colours: int) -> bytes:
    """Return a drawn canvas with at most so many colours, a quarter of the bytes of all."""
    import numpy as np
    from PIL import Image  # matplotlib brings it

    # a name may hold letters that the font lacks: it then shows boxes
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")
        canvas.draw()

    out = io.BytesIO()
    image = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    image.quantize(colours, dither=Image.Dither.NONE).save(out, format="png", optimize=True)

    return out.getvalue()
