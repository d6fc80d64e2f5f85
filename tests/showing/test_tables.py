"""Tables as plain text, as the command line prints them, and as a notebook shows them."""

import math

import numpy as np
from imagined import CONV, FC

from vaedash import text
from vaedash.comparing import results
from vaedash.showing import tables


def test_a_table_is_aligned_with_numbers_to_the_right():
    rows = [
        {"name": "a", "loss": 73.94, "n": 5, "mixed": "x"},
        {"name": "longer", "loss": None, "n": 12345, "mixed": 1.0},
        {"name": "", "loss": 1234.5, "n": None, "mixed": None},
    ]
    table = tables.text_table(rows, {"name": "name", "loss": "test loss", "n": "n", "mixed": "mixed"})
    assert table.splitlines() == [
        "name    test loss      n  mixed",
        "------  ---------  -----  -----",
        "a            73.9      5  x",
        "longer          -  12345  1.0",
        "            1,234      -  -",
    ]


def test_a_small_number_is_not_rounded_to_nothing():
    assert tables.text_table([{"lr": 0.001}, {"lr": 0.0}, {"lr": 0.25}], {"lr": "lr"}).split() == [
        "lr",
        "-----",
        "0.001",
        "0.0",
        "0.2",
    ]


def test_a_table_of_nothing_is_its_headings():
    assert tables.text_table([], {"a": "first", "b": "second"}).splitlines() == ["first  second", "-----  ------"]


def test_the_studys_table_has_the_studys_columns():
    table = tables.text_table([results.result(run).as_row() for run in (CONV, FC)], results.STUDY_COLUMNS)
    headings = table.splitlines()[0]
    for heading in ("preset", "model", "seed", "epochs to stop", "loss", "test loss", "seconds", "status", "run"):
        assert heading in headings
    assert "73.9" in table and "79.1" in table


def test_columns_stand_below_each_other_beside_letters_that_take_two():
    rows = [{"name": "東京の猫", "n": 1}, {"name": "Zoe\u0301", "n": 22}, {"name": "\N{CAT FACE}", "n": 333}]
    lines = tables.text_table(rows, {"name": "name", "n": "n"}).splitlines()
    assert lines[0] == "name        n" and lines[1] == "--------  ---"
    assert [text.columns(line) for line in lines] == [13] * 5


def test_csv_keeps_numbers_as_they_are_and_runs_nothing():
    rows = [
        {"name": "=1+1", "lr": 5e-05, "count": 3, "none": None},
        {"name": 'a,"b"', "lr": 1.0, "count": 4, "none": None},
    ]
    assert tables.csv_table(rows) == 'name,lr,count,none\n\'=1+1,5e-05,3,\n"a,""b""",1.0,4,\n'
    assert tables.csv_file(rows).startswith(b"\xef\xbb\xbfname,")
    assert tables.csv_table([]) == "\n"


def test_what_was_not_measured_is_an_empty_cell_in_every_language():
    rows = [{"psnr": value, "n": 3} for value in (None, math.nan, np.float64("nan"), -math.inf, 8.9)]
    assert tables.csv_table(rows) == "psnr,n\n,3\n,3\n,3\n,3\n8.9,3\n"
    assert tables.csv_table(rows, comma=True) == "psnr;n\n;3\n;3\n;3\n;3\n8,9;3\n"
