"""A matplotlib figure, or an array, as the bytes of a PNG file, in few colours and without facts of
the machine.
"""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


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


def indexed(pixels: NDArray[np.uint8], palette: NDArray[np.uint8]) -> bytes:
    """Return a picture of few colours, with no other package than numpy.

    `pixels` are positions in the palette, (height, width); the palette is red, green and blue from
    0 to 255, (n_colours, 3).
    """
    height, width = pixels.shape
    # Eight bits a pixel, of a palette; each line says first that it is stored as it is.
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    lines = b"".join(b"\0" + line.tobytes() for line in pixels)
    chunks = (
        (b"IHDR", header),
        (b"PLTE", palette.tobytes()),
        (b"IDAT", zlib.compress(lines, 9)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
