"""Datasets of the Hugging Face Hub, from a server here that answers as the Hub does."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import stand_in
from somebodys import shade, shades

from vaedash import cli
from vaedash.datasets import hub, own
from vaedash.errors import DatasetError

pytest.importorskip("huggingface_hub")


def table(levels) -> bytes:
    buffer = pa.BufferOutputStream()
    images = [{"bytes": shade(level), "path": ""} for level in levels]
    pq.write_table(pa.table({"image": images, "label": [level // 100 for level in levels]}), buffer)
    return buffer.getvalue().to_pybytes()


def timed_out(*_, **__):
    raise OSError("timed out")


@pytest.fixture
def there(monkeypatch):
    """A Hub."""
    with stand_in.answering(monkeypatch) as answering:
        yield answering


@pytest.fixture
def served(there):
    """The files of the dataset o/n on it, by name; and what it was asked for."""
    return there.repositories.setdefault("datasets/o/n", {}), there.asked


def test_its_parquet_files_are_fetched_once_and_are_ones_own_from_then_on(served, tmp_path):
    files, asked = served
    files |= {"default/train/0000.parquet": table([10, 150, 230]), "default/test/0000.parquet": table([40])}
    folder = hub.fetch("hf:o/n", data_dir=tmp_path)
    assert folder == tmp_path / "huggingface" / "o--n"
    source = own.read(folder)
    assert (shades(source.train), shades(source.test)) == ([10, 150, 230], [40])
    assert source.labels["train/class"].tolist() == [0, 1, 2]
    before = len(asked)
    assert hub.fetch("hf:o/n", data_dir=tmp_path) == folder
    assert not [path for path in asked[before:] if "/resolve/" in path and path.endswith("train/0000.parquet")][1:]


def test_of_several_configs_one_is_named(served, tmp_path):
    files, _ = served
    for config, level in (("red", 10), ("blue", 20)):
        files |= {f"{config}/{side}/0000.parquet": table([level]) for side in ("train", "test")}
    with pytest.raises(DatasetError, match=r"give one of hf:o/n:CONFIG\. There are: blue, red\."):
        hub.fetch("hf:o/n", data_dir=tmp_path)
    source = own.read(hub.fetch("hf:o/n:blue", data_dir=tmp_path))
    assert shades(source.train) == [20]


def test_what_the_dataset_no_longer_has_is_no_longer_learned_from(served, tmp_path):
    files, _ = served
    files |= {f"default/train/000{n}.parquet": table([10 * n]) for n in (1, 2)} | {
        "default/test/0000.parquet": table([40])
    }
    assert len(own.read(hub.fetch("hf:o/n", data_dir=tmp_path)).train) == 2
    del files["default/train/0002.parquet"]
    assert shades(own.read(hub.fetch("hf:o/n", data_dir=tmp_path)).train) == [10]


def test_what_is_not_there_says_so(served, tmp_path):
    with pytest.raises(DatasetError, match="There is no dataset no/such on the Hub"):
        hub.fetch("hf:no/such", data_dir=tmp_path)


@pytest.mark.parametrize("spec", ["hf:", "hf:../../etc", "hf:a/b/c", "hf:a b", "hf:o/n:../x"])
def test_a_name_that_is_none_asks_nobody(served, tmp_path, spec):
    with pytest.raises(DatasetError, match="is no name of a dataset"):
        hub.fetch(spec, data_dir=tmp_path)
    assert served[1] == []


@pytest.mark.slow  # the library asks again and again
def test_where_nothing_answers_it_is_said(monkeypatch, tmp_path):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(DatasetError, match="could not be asked for on the Hub"):
        hub.fetch("hf:o/n", data_dir=tmp_path)


def test_where_the_hub_cannot_be_asked_what_was_fetched_before_is_enough_and_that_is_said(
    served, tmp_path, monkeypatch
):
    files, _ = served
    files |= {"default/train/0000.parquet": table([10, 20]), "red/train/0000.parquet": table([30, 40])}
    red = hub.fetch("hf:o/n:red", data_dir=tmp_path)
    said: list[str] = []
    with monkeypatch.context() as offline:
        offline.setattr("huggingface_hub.HfApi.list_repo_files", timed_out)
        assert hub.fetch("hf:o/n:red", data_dir=tmp_path, say=said.append) == red
        with pytest.raises(DatasetError):  # another one is meant by that, which is not here
            hub.fetch("hf:o/n", data_dir=tmp_path, say=said.append)
    usual = hub.fetch("hf:o/n", data_dir=tmp_path)
    monkeypatch.setattr("vaedash.hub.find_spec", lambda _: None)
    for spec, folder in (("hf:o/n", usual), ("hf:o/n:red", red)):
        assert hub.fetch(spec, data_dir=tmp_path, say=said.append) == folder
    assert len(said) == 3 and all(words.endswith("Until then, what was fetched before is used.") for words in said)
    with pytest.raises(DatasetError):
        hub.fetch("hf:o/m", data_dir=tmp_path)


def test_what_was_fetched_is_enough_though_the_hub_falls_silent_in_between(served, tmp_path, monkeypatch):
    files, _ = served
    files |= {"default/train/0000.parquet": table([10, 20])}
    folder = hub.fetch("hf:o/n", data_dir=tmp_path)
    monkeypatch.setattr("huggingface_hub.hf_hub_download", timed_out)
    for _ in range(2):
        assert hub.fetch("hf:o/n", data_dir=tmp_path) == folder
    next(folder.rglob("*.parquet")).unlink()
    with pytest.raises(DatasetError, match="could not be asked for on the Hub"):
        hub.fetch("hf:o/n", data_dir=tmp_path)


def test_where_the_hub_falls_silent_between_two_files_it_has_not_said_that_there_are_none(
    served, tmp_path, monkeypatch
):
    files, _ = served
    files |= {f"default/train/000{n}.parquet": table([10 * n]) for n in (1, 2)}

    def fall_silent(what: str, done: int, total: int) -> None:
        if "downloading" in what and done == 1:
            monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")

    with pytest.raises(DatasetError, match="could not be asked for on the Hub"):
        hub.fetch("hf:o/n", data_dir=tmp_path, progress=fall_silent)


def test_where_the_hub_falls_silent_files_of_another_day_are_not_taken_for_those_of_today(
    there, served, tmp_path, monkeypatch
):
    files, _ = served
    files |= {"default/train/0001.parquet": table([10])}
    folder = hub.fetch("hf:o/n", data_dir=tmp_path)
    files |= {"default/train/0001.parquet": table([30]), "default/train/0002.parquet": table([20])}
    there.commit = "b" * 40

    def fall_silent(what: str, *_: int) -> None:
        if "downloading" in what:
            monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")

    said: list[str] = []
    assert hub.fetch("hf:o/n", data_dir=tmp_path, progress=fall_silent, say=said.append) == folder
    assert len(said) == 1 and said[0].endswith("Until then, what was fetched before is used.")
    monkeypatch.setenv("HF_ENDPOINT", there.address)
    assert len([*hub.fetch("hf:o/n", data_dir=tmp_path).rglob("*.parquet")]) == 2


def test_what_was_fetched_in_part_is_not_enough(there, served, tmp_path, monkeypatch):
    files, _ = served
    files |= {"default/train/0000.parquet": table([10]), "default/train/0001.parquet": table([20])}
    hub.fetch("hf:o/n", data_dir=tmp_path)
    files |= {"default/train/0000.parquet": table([30]), "default/train/0001.parquet": table([40])}
    there.commit = "b" * 40

    def cut_off(what: str, done: int, total: int) -> None:
        if "downloading" in what and done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        hub.fetch("hf:o/n", data_dir=tmp_path, progress=cut_off)
    monkeypatch.setattr("huggingface_hub.HfApi.list_repo_files", timed_out)
    with pytest.raises(DatasetError, match="could not be asked for on the Hub"):
        hub.fetch("hf:o/n", data_dir=tmp_path)


def test_the_command_line_takes_such_a_name_wherever_it_takes_a_path(served, tmp_path, capsys):
    files, _ = served
    files |= {"default/train/0000.parquet": table([10, 150, 230]), "default/test/0000.parquet": table([40])}
    assert cli.main(["images", "hf:o/n", "--data-dir", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert said.startswith("o--n: 3 training and 1 test images")
    assert "class, of which there are 3: 0 (1), 1 (1), 2 (1)." in said
