"""Models on the Hugging Face Hub, from and to a server here that answers as the Hub does."""

import logging

import pytest
import stand_in

import vaedash
from vaedash.config import RunConfig
from vaedash.errors import RunError, UsageError
from vaedash.models import archs, exported, hub
from vaedash.models.exported import Origin

pytest.importorskip("huggingface_hub")
pytestmark = [
    pytest.mark.usefixtures("torch_as_it_was"),
    pytest.mark.filterwarnings(f"ignore:{stand_in.OLD_WAY}:DeprecationWarning"),
]
TOKEN = "hf_veryverysecret"


@pytest.fixture
def there(monkeypatch, tmp_path):
    """A Hub that lets the owner of one token write, which is in the environment."""
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(tmp_path / "no token"))
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    with stand_in.answering(monkeypatch) as answering:
        answering.writer = TOKEN
        yield answering


@pytest.fixture
def folder(tmp_path):
    settings = RunConfig(arch="fc", widths="4", latent_dim=2)
    origin = Origin(run="abcdef", name="a name", epoch=1, settings=settings)
    made = tmp_path / "abcdef"
    made.mkdir()
    (made / exported.FILE).write_bytes(exported.encoded(archs.untrained(settings), origin))
    (made / "README.md").write_text("---\ntags: [vae]\n---\n\n# A VAE\n")
    (made / "mine.txt").write_text("nobody else's")
    return made


def pushed(folder) -> str:
    return hub.push(folder, ["README.md", exported.FILE], "owner/name", message="a message")


def test_what_was_pushed_is_fetched_again_and_nothing_else_was_pushed(there, folder, tmp_path):
    assert pushed(folder) == f"{there.address}/owner/name"
    kept = there.repositories["models/owner/name"]
    assert {name: kept[name] for name in kept if name != ".gitattributes"} == {
        name: (folder / name).read_bytes() for name in ("README.md", exported.FILE)
    }
    assert there.private == {"owner/name"}
    pushed(folder)  # into the same one
    file = hub.fetch("owner/name", data_dir=tmp_path / "data", say=pytest.fail)
    assert file.read_bytes() == (folder / exported.FILE).read_bytes()
    assert exported.read(file)[1].name == "a name"


def test_a_token_reaches_the_hub_and_nobody_else(there, folder, tmp_path, capfd, caplog):
    caplog.set_level(logging.DEBUG)
    pushed(folder)
    hub.fetch("owner/name", data_dir=tmp_path / "data", say=print)
    there.writer = "another"
    with pytest.raises(RunError, match=r"The Hub refuses you owner/name \(401\)") as refused:
        pushed(folder)
    assert f"Bearer {TOKEN}" in there.tokens
    said = [*capfd.readouterr(), caplog.text, str(refused.value)]
    assert not any(TOKEN in words for words in said)
    assert not any(TOKEN.encode() in file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())


def test_what_is_too_large_is_not_fetched(there, folder, tmp_path):
    pushed(folder)
    there.lies[exported.FILE] = exported.MOST + 1
    before = len(there.asked)
    with pytest.raises(RunError, match=r"larger than 500 MB, and was not fetched"):
        hub.fetch("owner/name", data_dir=tmp_path / "data", say=print)
    assert len(there.asked) == before + 1 and not (tmp_path / "data").exists()


def test_a_repository_that_is_not_there_or_holds_something_else_is_said(there, tmp_path):
    there.repositories["models/o/other"] = {"pytorch_model.bin": b"a pickle"}
    for name, said in (
        ("no/such", "There is no model no/such"),
        ("o/other", "o/other on the Hub has no model.safetensors"),
    ):
        with pytest.raises(RunError, match=said):
            hub.fetch(name, data_dir=tmp_path, say=print)
    assert not any("pytorch_model.bin" in path for path in there.asked)


def test_where_the_hub_cannot_be_asked_it_is_said_and_what_was_fetched_before_is_enough(
    there, folder, tmp_path, monkeypatch
):
    pushed(folder)
    data = tmp_path / "data"
    file = hub.fetch("owner/name", data_dir=data, say=print)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    said: list[str] = []
    assert hub.fetch("owner/name", data_dir=data, say=said.append) == file
    assert said == [
        "HF_HUB_OFFLINE says to ask nothing of the Hub: remove it, then ask for owner/name again. Until then, what was fetched before "
        "is used."
    ]
    with pytest.raises(RunError, match="HF_HUB_OFFLINE says to ask nothing"):
        hub.fetch("owner/another", data_dir=data, say=print)
    with pytest.raises(RunError, match="HF_HUB_OFFLINE says to ask nothing"):
        pushed(folder)


@pytest.mark.parametrize(
    "name",
    ["", "name", "../x", "a/b/c", "o/..", "/etc/passwd", "o/n --x", "o/n\n", "-o/n", "o/n.git", "o/n-", "o/n."],
)
def test_a_name_that_is_none_asks_nobody(there, name):
    assert not hub.is_name(name)
    with pytest.raises(UsageError, match="is no name of a repository"):
        hub.require_ready(name)
    assert there.asked == []


def test_a_snapshot_in_the_hubs_own_cache_is_followed_to_its_blob_and_no_link_elsewhere(folder, tmp_path):
    repository = tmp_path / "hub" / "models--owner--name"
    snapshot, blobs = repository / "snapshots" / ("a" * 40), repository / "blobs"
    snapshot.mkdir(parents=True)
    blobs.mkdir()
    (blobs / "0123").write_bytes((folder / exported.FILE).read_bytes())
    file = snapshot / exported.FILE
    file.symlink_to("../../blobs/0123")
    assert vaedash.load(snapshot).name == vaedash.load(file).name == "a name"
    for place in (folder, tmp_path / "hub" / "models--owner--other" / "blobs"):
        place.mkdir(parents=True, exist_ok=True)
        (place / "4567").write_bytes((blobs / "0123").read_bytes())
        file.unlink()
        file.symlink_to(place / "4567")
        with pytest.raises(RunError, match="leads out of its folder"):
            vaedash.load(snapshot)
    file.unlink()
    file.symlink_to("../../blobs/0123")
    blobs.rename(tmp_path / "elsewhere")
    blobs.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RunError, match="leads out of its folder"):
        vaedash.load(snapshot)
