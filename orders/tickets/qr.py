"""QR pictures of ticket codes (SVG): the picture depends on the code only, so it is made when it is asked for."""

from __future__ import annotations

import io

import segno

# A fixed version and mask: the choice among all masks takes twice the time.
VERSION = 3
MASK = 3
SCALE = 8


def picture(code: str) -> segno.QRCode:
    """Return the QR code that holds exactly `code`."""
    return segno.make_qr(code, version=VERSION, mask=MASK, error="m", boost_error=False)


def svg(code: str) -> bytes:
    """Return the picture as an SVG file."""
    buffer = io.BytesIO()
    picture(code).save(buffer, kind="svg", scale=SCALE, title=None)
    return buffer.getvalue()
