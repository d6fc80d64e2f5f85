"""Many runs in one table: what differs between them, and what came of each."""

from imagined import run

from vaedash.comparing import differences

CHOSEN = [
    run("abcdef", 80.0, 74.0, arch="conv", lr=0.00005, rows={"active_units": 9}),
    run("ghjkmn", 80.0, None, arch="fc", lr=0.001, status="diverged"),
    run("pqrstu", arch="conv", lr=0.001, preset="p1", status="queued"),
]


def test_only_the_settings_in_which_runs_differ_have_a_column_and_values_are_as_given():
    told = differences.between(CHOSEN)
    assert sorted(told.settings) == ["arch", "lr", "preset"]
    assert [row["lr"] for row in told.rows] == [0.00005, 0.001, 0.001]
    assert [row["preset"] for row in told.rows] == [None, None, "p1"]
    assert told.same["batch_size"] == str(CHOSEN[0].config.batch_size)
    assert not set(told.same) & set(told.settings)


def test_beside_them_stands_what_came_of_each_and_nothing_where_nothing_did():
    rows = differences.between(CHOSEN).rows
    assert [row["test_loss"] for row in rows] == [74.0, 80.0, None]
    assert [row["active_units"] for row in rows] == [9, None, None]
    assert [row["epochs_done"] for row in rows] == [2, 2, 0]
    assert [row["status"] for row in rows] == ["finished", "diverged", "queued"]
    assert [row["seconds"] for row in rows] == [5.0, 5.0, 0.0]


def test_no_result_is_called_like_a_setting_and_every_column_is_in_every_row():
    told = differences.between(CHOSEN)
    assert not set(differences.RESULTS) & set(CHOSEN[0].config.to_json())
    assert all(list(row) == list(told.columns) for row in told.rows)


def test_runs_that_differ_in_nothing_have_their_results_all_the_same():
    told = differences.between([CHOSEN[0], CHOSEN[0]])
    assert told.settings == [] and [row["test_loss"] for row in told.rows] == [74.0, 74.0]
