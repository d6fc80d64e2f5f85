"""A process that imports all rooms of the page and then opens pages as a visitor does: what of the heavy packages it has loaded by then.

`python first_paint.py PAGE ...` prints it as JSON: a list for the rooms (`rooms`), and one for each page file in turn. It looks
at the runs that `$VAEDASH_RUNS` names.
"""

import importlib
import json
import logging
import pkgutil
import sys

from streamlit.testing.v1 import AppTest

from vaedash import places, ui

HEAVY = ("torch", "torchvision")
APP = places.PROJECT_ROOT / "streamlit_app.py"
PAGES = places.PROJECT_ROOT / "vaedash" / "ui" / "pages"


def loaded() -> list[str]:
    return [package for package in HEAVY if package in sys.modules]


def opened(page: str) -> list[str]:
    """What is loaded once the page has been shown."""
    at = AppTest.from_file(str(APP), default_timeout=120)
    if page == "start":
        at.run()
    else:
        at.switch_page(str(PAGES / f"{page}.py")).run()
    if at.exception or not at.title:
        raise RuntimeError(f"{page} did not open: {at.exception}")
    return loaded()


if __name__ == "__main__":
    logging.disable(logging.WARNING)  # there is no server, as Streamlit says at each cache
    for room in pkgutil.iter_modules(ui.__path__, "vaedash.ui."):
        importlib.import_module(room.name)
    print(json.dumps({"rooms": loaded(), **{page: opened(page) for page in sys.argv[1:]}}))
