"""A page opened from disk in a real browser that has no network."""

import base64
from contextlib import contextmanager

import numpy as np

from vaedash import images

NEEDS_NOBODY = ("file:", "data:", "blob:")


@contextmanager
def opened(browser, file, **how):
    """The page in `file`; what went wrong there, and whatever it asked for elsewhere, is in its `complaints`."""
    context = browser.new_context(**how)
    context.set_offline(True)
    tab = context.new_page()
    tab.complaints = []
    tab.on("console", lambda message: tab.complaints.append(message.text) if message.type != "log" else None)
    tab.on("pageerror", lambda error: tab.complaints.append(str(error)))
    tab.on("request", lambda asked: None if asked.url.startswith(NEEDS_NOBODY) else tab.complaints.append(asked.url))
    try:
        tab.goto(file.as_uri())
        yield tab
    finally:
        context.close()


def drawn(tab, selector):
    """What each canvas there shows, as a data URL."""
    return tab.locator(selector).evaluate_all("found => found.map(one => one.toDataURL())")


def pixels(shown):
    """Its colours, `(3, H, W)`, as whole numbers."""
    data = base64.b64decode(shown.partition(",")[2])
    return images.decode_picture(data).transpose(2, 0, 1).astype(np.int64)


def painted(tab, selector):
    """Whether there are canvases, and something is on each."""
    shown = drawn(tab, selector)
    return bool(shown) and all(pixels(each).any() for each in shown)
