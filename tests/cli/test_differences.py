"""`show` of several runs: in which settings they differ, and what came of each."""

import csv
import io

import pytest
from visitor import make_run


@pytest.fixture
def three(folder):
    return [make_run(folder, arch="conv", lr=lr, loss=loss) for lr, loss in ((5e-5, 52.0), (1e-3, 62.0), (2e-3, 72.0))]


def test_several_runs_are_a_table_of_what_differs(three, call):
    out = call("show", *(run.id for run in three)).out
    head, _, *lines = out.partition("\n\n")[0].splitlines()
    assert head.split()[:2] == ["run", "name"] and " lr " in head and "batch_size" not in head
    assert [line.split()[0] for line in lines] == [run.id for run in three]
    assert "5e-05" in lines[0] and "50.0" in lines[0]
    assert "  batch_size " in out.partition("The same in all of them:")[2]


def test_the_table_is_csv_or_json_where_that_is_asked_for(three, call):
    three[1].write_notes(name="=1+1")
    rows = list(csv.DictReader(io.StringIO(call("show", *(run.id for run in three), "--csv").out)))
    assert [float(row["lr"]) for row in rows] == [5e-5, 1e-3, 2e-3]
    assert rows[1]["name"] == "'=1+1"
    answer = call("show", *(run.id for run in three), "--json").json
    assert [row["test_loss"] for row in answer["rows"]] == [50.0, 60.0, 70.0]
    assert answer["rows"][1]["name"] == "=1+1" and "lr" not in answer["same"]


def test_a_damaged_run_is_named_in_one_sentence(three, call):
    (three[1].path / "config.json").write_text("{")
    answer = call("show", *(run.id for run in three))
    assert answer.code == 1 and f"Run {three[1].id} is damaged." in answer.err and answer.err.count("\n") == 1
