"""Frames as the browser painted them, to see whether a picture was ever missing."""

import base64
import io

import numpy as np
from PIL import Image


class Film:
    """Films a part of the page; `contrasts` holds the spread of brightness of each frame, near 0 where it is blank."""

    def __init__(self, page, box):
        self.box, self.contrasts = box, []
        self.session = page.context.new_cdp_session(page)
        self.session.on("Page.screencastFrame", self._frame)
        self.session.send("Page.startScreencast", {"format": "png", "everyNthFrame": 1})

    def stop(self):
        """End the film."""
        self.session.send("Page.stopScreencast")
        self.session.detach()

    def _frame(self, frame):
        self.session.send("Page.screencastFrameAck", {"sessionId": frame["sessionId"]})
        picture = Image.open(io.BytesIO(base64.b64decode(frame["data"]))).convert("L")
        scale = picture.width / frame["metadata"]["deviceWidth"]
        x, y, width, height = (self.box[side] * scale for side in ("x", "y", "width", "height"))
        shown = picture.crop((x + 0.2 * width, y + 0.2 * height, x + 0.8 * width, y + 0.6 * height))
        self.contrasts.append(float(np.std(np.asarray(shown, dtype=float))))
