"""The study as a notebook: it runs as it stands, and what it is kept with is what a reader sees; and a kernel that is interrupted."""

import base64
import io
import re
import time
import tomllib

import nbformat
import pytest
import study
from jupyter_client.manager import KernelManager, start_new_kernel
from patience import PATIENCE
from PIL import Image

from vaedash import runs
from vaedash.places import PROJECT_ROOT


@pytest.fixture(scope="module")
def kept() -> nbformat.NotebookNode:
    """The notebook as it lies in the repository."""
    return nbformat.read(study.NOTEBOOK, as_version=4)


def words(notebook: nbformat.NotebookNode) -> list[str]:
    return [data.get("text/plain", "") for data in study.shown(notebook)]


def test_the_notebook_is_kept_with_pictures_charts_and_a_verdict_and_is_small(kept):
    nbformat.validate(kept)
    assert study.NOTEBOOK.stat().st_size < 1_000_000
    pictures = [data["image/png"] for data in study.shown(kept) if "image/png" in data]
    assert len(pictures) >= 7
    for picture in pictures:
        assert Image.open(io.BytesIO(base64.b64decode(picture))).width > 500
    assert all("image/png" in data for data in study.shown(kept) if study.CHART in data)
    assert any("conv is 9% less wrong than FC" in said for said in words(kept))


def test_the_notebook_says_nothing_of_where_it_ran(kept):
    text = study.NOTEBOOK.read_text(encoding="utf-8")
    assert not re.search(r"(?<![\w./])/(home|root|tmp|work|usr|opt)/", text) and "Traceback" not in text
    assert all(cell.execution_count for cell in kept.cells if cell.cell_type == "code")


def test_the_first_cell_brings_vaedash_from_where_the_project_says_that_it_is(kept):
    project = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    [source] = re.findall(r"%pip install --quiet (\S.*)", "\n".join(cell.source for cell in kept.cells))
    assert project.get("urls", {}).get("Repository", "vaedash-*.whl") in source


@pytest.mark.slow
def test_the_notebook_runs_as_it_stands_from_top_to_bottom(tmp_path, kept):
    began = time.monotonic()
    ran = study.executed(tmp_path, seconds=PATIENCE)
    print(f"\nthe notebook took {time.monotonic() - began:.0f} s")
    code = [cell for cell in ran.cells if cell.cell_type == "code"]
    assert not [output for cell in code for output in cell.outputs if output.output_type == "error"]
    assert not [output for cell in code for output in cell.outputs if output.get("name") == "stderr"]
    moved = [data for data in study.shown(ran) if study.WIDGET in data]
    assert len(moved) >= 4 * 3  # a bar for each of two runs and one for both, in each of four trainings
    drawn = [len(data) for data in study.shown(ran) if "image/png" in data]
    assert len(drawn) == 5 and len([data for data in study.shown(ran) if study.CHART in data]) == 2
    trained = runs.list_runs(tmp_path / "runs")
    assert len([run for run in trained if not run.example and run.status == "finished"]) == 8
    assert (tmp_path / "morph.gif").read_bytes()[:3] == b"GIF" and (tmp_path / "report.html").stat().st_size > 1_000_000
    # What needs no training is shown again as it was kept.
    assert [said for said in words(ran) if "(example)" in said and "epochs to stop" not in said] == [
        said for said in words(kept) if "(example)" in said and "epochs to stop" not in said
    ]


def asked(kernel: KernelManager, code: str, *, interrupt_when: str = "") -> str:
    """What a kernel says and answers, errors included; interrupted once, when it has said that."""
    client = kernel.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=PATIENCE)
        said: list[str] = []
        interrupted: list[bool] = []

        def heard(message: dict) -> None:
            content = message["content"]
            said.append(content.get("text") or "\n".join(content.get("traceback", ())) or str(content.get("data", "")))
            if not interrupted and interrupt_when and interrupt_when in "".join(said):
                interrupted.append(True)
                kernel.interrupt_kernel()

        client.execute_interactive(code, timeout=PATIENCE, output_hook=heard)
        return "\n".join(said)
    finally:
        client.stop_channels()


BARS = """
import dataclasses, vaedash
from vaedash.runs import Status
from vaedash.training import watching
done, other = (vaedash.find(run).record for run in ("qmmcpg", "hkfrfp"))
going = dataclasses.replace(other, status=Status.RUNNING, progress={"seen": 1, "of": 4, "phase": "reading {bar} <b>"})
shown = watching.display([going, done], say=print)
shown.show([going, done])
for bar in (*shown._bars.values(), shown._study):
    print([child.value for child in bar.container.children])
"""


@pytest.mark.slow
def test_a_notebook_has_a_bar_for_each_run_with_its_words_beside_it(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(PROJECT_ROOT))
    kernel, client = start_new_kernel(kernel_name="python3")
    client.stop_channels()
    try:
        said = asked(kernel, BARS).replace(r"\u2007", " ")
        assert "'qmmcpg conv on shapes (example) ', 1.0, ' finished, epoch 12/12, train 25.33" in said
        assert ", 0.25, ' reading {bar} &lt;b&gt;'" in said and "['all runs ', 0.5, ' 1 of 2 runs done']" in said
    finally:
        kernel.shutdown_kernel(now=True)


@pytest.mark.slow
def test_a_kernel_that_is_interrupted_keeps_the_finished_epochs_and_answers_in_sentences(
    tmp_path, photos, data_dir, monkeypatch
):
    monkeypatch.setenv("PYTHONPATH", str(PROJECT_ROOT))
    monkeypatch.setenv("VAEDASH_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("VAEDASH_DATA", str(data_dir))
    kernel, client = start_new_kernel(kernel_name="python3")
    client.stop_channels()
    try:
        # Lines instead of bars, so that it can be told from outside how far it is.
        asked(kernel, "import sys; sys.modules['ipywidgets'] = None; import vaedash")
        short = f"vaedash.train('conv', dataset={str(photos)!r}, epochs=5000, patience=5000, latent_dim=4, precision='fp32', device='cpu')"
        said = asked(kernel, f"run = {short}; print(run.status, run.epochs)", interrupt_when="epoch 2/5000")
        assert "finished epochs are kept" in said and "Traceback" not in said
        [run] = runs.list_runs(tmp_path / "runs")
        assert run.status == "stopped" and len(run.epochs) >= 2
        assert f"stopped {len(run.epochs)}" in said and f'vaedash.resume(vaedash.find("{run.id}"))' in said
        said = asked(kernel, "vaedash.find('nobody')").strip()
        assert said == f"UsageError: No run is called 'nobody'. Runs: {run.id}."
    finally:
        kernel.shutdown_kernel(now=True)
        for run in runs.list_runs(tmp_path / "runs"):
            run.request_stop()
