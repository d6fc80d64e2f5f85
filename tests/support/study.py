"""The study as a notebook: run as it stands, from top to bottom, and kept with what it showed.

`python tests/support/study.py` runs docs/notebook.ipynb and writes what its cells show into it: charts as pictures beside what a
notebook can zoom, since a repository's page draws no charts; of progress, which only moves, nothing.
"""

import base64
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

from vaedash import places
from vaedash.bench import ui
from vaedash.showing import charts

NOTEBOOK = places.PROJECT_ROOT / "docs" / "notebook.ipynb"
CHART = "application/vnd.plotly.v1+json"
WIDGET = "application/vnd.jupyter.widget-view+json"
_WIDTH, _HEIGHT = 760, 440  # pixels of a chart


def executed(home: Path, *, seconds: int) -> nbformat.NotebookNode:
    """The notebook after all its cells have run, with copies of the example runs in `home`, where it leaves what it makes.

    CellExecutionError where a cell fails, CellTimeoutError where one takes longer than that.
    """
    if not (home / "runs").exists():
        shutil.copytree(places.PROJECT_ROOT / "runs", home / "runs")
    environment = {
        **os.environ,
        "VAEDASH_RUNS": str(home / "runs"),
        "VAEDASH_DATA": str(home / "data"),
        "PYTHONPATH": os.pathsep.join(filter(None, [str(places.PROJECT_ROOT), os.environ.get("PYTHONPATH")])),
    }
    client = NotebookClient(nbformat.read(NOTEBOOK, as_version=4), timeout=seconds, kernel_name="python3")
    client.resources = {"metadata": {"path": str(home)}}
    return client.execute(env=environment)


def shown(notebook: nbformat.NotebookNode) -> list[dict[str, Any]]:
    """What its cells display, by kind of content, in their order."""
    return [output.data for output in _displays(notebook)]


def _displays(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [output for cell in notebook.cells for output in cell.get("outputs", []) if "data" in output]


def to_keep(notebook: nbformat.NotebookNode, browser: Any) -> nbformat.NotebookNode:
    """The same without what only moves, and with a picture of every chart."""
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # when it ran
        if "outputs" in cell:
            cell.outputs = [output for output in cell.outputs if WIDGET not in output.get("data", {})]
    for output in _displays(notebook):
        if CHART in output.data:
            output.data["image/png"] = _picture(output.data[CHART], browser)
            output.metadata["image/png"] = {"width": _WIDTH, "height": _HEIGHT}
    return notebook


def _picture(figure: dict[str, Any], browser: Any) -> str:
    """A chart as a PNG in base64, drawn by the plotly.js of the pages."""
    tab = browser.new_page(viewport={"width": _WIDTH, "height": _HEIGHT}, device_scale_factor=2)
    try:
        tab.set_content(f'<body style="margin: 0"><div id="chart" style="width: {_WIDTH}px; height: {_HEIGHT}px">')
        tab.add_script_tag(path=charts.PLOTLY_JS)
        tab.evaluate(
            "({data, layout}) => Plotly.newPlot('chart', data, {...layout, height: undefined}, {staticPlot: true})",
            figure,
        )
        return base64.b64encode(tab.screenshot()).decode()
    finally:
        tab.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home, ui.open_browser() as opened:
        nbformat.write(to_keep(executed(Path(home), seconds=600), opened), NOTEBOOK)
    print(f"{NOTEBOOK}: {NOTEBOOK.stat().st_size / 1e3:.0f} kB", file=sys.stderr)
