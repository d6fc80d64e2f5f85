"""Exported weights: what is written is read back to the last bit, and nothing else is read at all."""

import io
import json
import os
import pickle

import own_arch
import pytest
import torch
from safetensors.torch import save

from vaedash.config import RunConfig
from vaedash.errors import RunError
from vaedash.models import archs, exported
from vaedash.models.exported import Origin

pytestmark = pytest.mark.usefixtures("torch_as_it_was")


def origin_of(**settings) -> Origin:
    return Origin(run="abcdef", name="a name", epoch=3, settings=RunConfig(**{"latent_dim": 2, **settings}))


def written(tmp_path, origin):
    file = tmp_path / exported.FILE
    file.write_bytes(exported.encoded(archs.untrained(origin.settings), origin))
    return file


def header_of(data: bytes) -> dict:
    return json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])


def with_header(header: dict, numbers: bytes = b"") -> bytes:
    words = json.dumps(header).encode()
    return len(words).to_bytes(8, "little") + words + numbers


@pytest.mark.parametrize("arch", ["fc", "conv", "local"])
@pytest.mark.parametrize("also", [{}, {"image_size": 64}, {"pixel_order": "shuffled"}, {"activation": "silu"}])
def test_a_model_is_read_back_to_the_last_bit(tmp_path, arch, also):
    widths = {"fc": "8-4", "conv": "4-4-4-4", "local": "2-2-2-2"}[arch]
    if arch != "fc" and also.get("image_size") != 64:
        widths = widths[:-2]
    origin = origin_of(arch=arch, widths=widths, **also)
    model, read = exported.read(written(tmp_path, origin))
    assert read == origin and not model.training
    wanted = archs.untrained(origin.settings).state_dict()
    assert all(torch.equal(tensor, wanted[name]) for name, tensor in model.state_dict().items())
    assert [*model.state_dict()] == [*wanted]


def test_it_says_what_images_are_called_and_never_where_they_lay(tmp_path):
    for place in ("/home/mary/secret/cats.zip", "C:\\Users\\mary\\cats.zip"):
        data = written(tmp_path, origin_of(arch="fc", widths="4", dataset=place)).read_bytes()
        assert (
            b"mary" not in data
            and json.loads(header_of(data)["__metadata__"]["vaedash"])["settings"]["dataset"] == "cats"
        )


def test_other_programs_read_the_weights(tmp_path):
    from safetensors import safe_open

    origin = origin_of(arch="conv", widths="4-4-4")
    with safe_open(written(tmp_path, origin), framework="pt") as file:
        assert {*file.keys()} == {*archs.untrained(origin.settings).state_dict()}
        assert file.metadata()["format"] == "pt"


def foreign(tmp_path) -> dict[str, bytes]:
    """Files that are no exported model, by what is wrong with them."""
    origin = origin_of(arch="fc", widths="4")
    model = archs.untrained(origin.settings)
    sound = exported.encoded(model, origin)
    header, numbers = header_of(sound), sound[8 + int.from_bytes(sound[:8], "little") :]
    said = json.loads(header["__metadata__"]["vaedash"])

    def saying(**changes) -> bytes:
        words = json.dumps({**said, **changes})
        return with_header({**header, "__metadata__": header["__metadata__"] | {"vaedash": words}}, numbers)

    # Two of the same shape.
    first, second = "decoder.0.bias", "encoder.1.bias"
    assert header[first]["shape"] == header[second]["shape"]
    checkpoint = io.BytesIO()
    torch.save(model.state_dict(), checkpoint)
    flipped = bytearray(sound)
    flipped[-5] ^= 1
    return {
        "nothing": b"",
        "a pickle": pickle.dumps(Deed(tmp_path / "done")),
        "a checkpoint of torch": checkpoint.getvalue(),
        "of another program": save(model.state_dict()),
        "of another program that says something": save(model.state_dict(), {"vaedash": "no", "sha256": ""}),
        "cut off in its header": sound[:40],
        "cut off": sound[:-1],
        "with more behind it": sound + b"\0",
        "a flipped bit": bytes(flipped),
        "a giant header": (1 << 40).to_bytes(8, "little") + b"{}",
        "a deep header": with_header({}) + b"[" * 10,
        "a header that is deep": (200_000).to_bytes(8, "little") + b"[" * 200_000,
        "a header that is a list": with_header([]),  # type: ignore[arg-type]
        "of the future": saying(schema=99),
        "with a giant latent": saying(settings=said["settings"] | {"latent_dim": 10**9}),
        "with settings that would take all memory": saying(
            settings=said["settings"] | {"widths": "-".join(["8192"] * 8), "latent_dim": 512}
        ),
        "of another architecture": saying(settings=said["settings"] | {"arch": "conv", "widths": ""}),
        "of an architecture that there is not": saying(settings=said["settings"] | {"arch": "gan"}),
        "with another name": saying(name="another"),
        "with settings that are none": saying(settings=[1]),
        "with an epoch that is none": saying(epoch="x"),
        "tensors that lie elsewhere": with_header({**header, first: header[second], second: header[first]}, numbers),
        "tensors that are none": with_header({**header, "decoder.0.bias": 3}, numbers),
    }


class Deed:
    def __init__(self, file):
        self.file = file

    def __reduce__(self):
        return os.mkdir, (str(self.file),)


def test_what_is_foreign_damaged_or_hostile_is_refused_in_a_sentence_and_does_nothing(tmp_path, promise):
    file = tmp_path / exported.FILE
    for what, data in foreign(tmp_path).items():
        file.write_bytes(data)
        with pytest.raises(RunError) as refused:
            exported.read(file)
        assert str(refused.value).startswith(exported.FILE), what
        assert len(str(refused.value)) < 400 and "\n" not in str(refused.value), what
        promise("R12")
    assert not (tmp_path / "done").exists()


def test_neither_a_pipe_nor_a_link_that_leads_out_nor_a_giant_is_opened(tmp_path):
    place = tmp_path / "in"
    place.mkdir()
    file, outside = place / exported.FILE, written(tmp_path, origin_of(arch="fc", widths="4"))
    os.mkfifo(file)
    with pytest.raises(RunError, match="not an ordinary file"):
        exported.read(file)
    file.unlink()
    file.symlink_to(outside)
    with pytest.raises(RunError, match="leads out of its folder"):
        exported.read(file)
    file.unlink()
    with open(file, "wb") as giant:
        giant.truncate(exported.MOST + 1)
    with pytest.raises(RunError, match="larger than 500 MB"):
        exported.read(file)


def test_somebodys_own_architecture_is_executed_only_where_it_is_trusted(tmp_path, monkeypatch):
    monkeypatch.setenv("VAEDASH_DATA", str(tmp_path / "data"))
    arch = own_arch.kept(tmp_path)
    file = written(tmp_path, origin_of(arch=arch))
    assert exported.read(file)[1].settings.arch == arch
    own_arch.forgotten(arch)
    with pytest.raises(RunError, match=r'Read its source, then give it: vaedash\.load\(\.\.\., arch="shallow\.py"\)'):
        exported.read(file)


@pytest.mark.parametrize(("said", "instead"), [('"epoch": 3', '"epoch": 1e999'), ('"a name"', '"a \ud800 name"')])
def test_numbers_and_letters_that_are_none_are_one_sentence(tmp_path, said, instead):
    header = header_of(written(tmp_path, origin_of(arch="fc", widths="4")).read_bytes())
    words = header["__metadata__"]["vaedash"]
    assert said in words
    header["__metadata__"]["vaedash"] = words.replace(said, instead)
    (tmp_path / exported.FILE).write_bytes(with_header(header))
    with pytest.raises(RunError, match="is no model that this vaedash knows"):
        exported.read(tmp_path / exported.FILE)
