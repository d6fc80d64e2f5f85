"""A visitor of the app: runs to find there, a page opened with a link's query, and what it says and shows."""

import json

import numpy as np
import torch
from patience import PATIENCE
from streamlit.testing.v1 import AppTest

from vaedash import images, places, runs
from vaedash.config import RunConfig
from vaedash.models import archs
from vaedash.runs import listing, queue, schema, weights

APP = str(places.PROJECT_ROOT / "streamlit_app.py")
PAGES = places.PROJECT_ROOT / "vaedash" / "ui" / "pages"
DATASET = {"name": "shapes", "fingerprint": "0123456789abcdef", "n_train": 20_000, "n_test": 2_000}


def row(epoch, test_loss):
    """The record of an epoch, all of whose losses are the same."""
    losses = {f"{split}_{term}": test_loss for split in ("train", "test") for term in ("loss", "recon", "kl")}
    speed = {"seconds": 2.0, "images_per_second": 900.0, "images_seen": 9}
    return {"epoch": epoch, **losses, "lr": 1e-3, "beta": 1.0, **speed}


def make_run(folder, *, epochs=2, status="finished", loss=50.0, dataset_facts=DATASET, **settings):
    """A run that looks as if it had been trained, without weights; `queued` gives it a place in line, and any status but that
    and an outcome's leaves it open.
    """
    run = runs.create(folder, RunConfig.build(**{"preset": "p1", **settings}))
    run.add_facts({"parameters": 1_119_811, "dataset": dataset_facts})
    run.write_metrics([row(epoch, loss - epoch) for epoch in range(1, epochs + 1)])
    tiles = np.full((64, *run.config.frame.shape), 90, np.uint8)
    for epoch in range(1, epochs + 1):
        run.pictures.write_file(f"prior-{epoch:04d}.png", images.encode_png(images.grid(tiles, columns=8)))
    if status in schema.OUTCOMES:
        run.write_outcome(status, f"It {status}.")
    if status == "queued":
        queue.enqueue(run)
    return run.reread()


def give_weights(run, *, seed):
    """Weights that nobody trained, made bold enough to tell pictures apart."""
    torch.manual_seed(seed)
    model = archs.build(run.config)
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(2)
    weights.save(run, "best", {"model": model.state_dict(), "epoch": 1})


def add_run(folder, photos, **settings):
    """A run with weights nobody trained."""
    run = runs.create(folder, RunConfig.build(**{"dataset": str(photos), "latent_dim": 4, **settings}))
    give_weights(run, seed=len(listing.folders(folder)))
    run.write_outcome("finished", "Finished all 1 epochs.")
    return run.reread()


def shown(page, **query):
    """The page as a link with this query opens it."""
    at = AppTest.from_file(APP, default_timeout=PATIENCE)
    at.query_params.update({key: str(value) for key, value in query.items()})
    if page == "start" or "_" in page:  # an address that is not the file's name is known only after a run
        at.run()
    if page != "start":
        at.switch_page(str(PAGES / f"{page}.py")).run()
    assert not at.exception
    return at


def words(at):
    """All that it says, without what keeps Markdown from seeing a meaning."""
    kinds = (at.title, at.header, at.subheader, at.markdown, at.caption, at.info, at.warning, at.error, at.expander)
    texts = (str(getattr(element, "value", "") or getattr(element, "label", "")) for kind in kinds for element in kind)
    return " ".join(texts).replace("\\", "")


def figures(at):
    """What each figure is told: its `data` and `layout`, how it is spoken of, what may be done with it."""
    drawn = (element.proto for element in at.get("bidi_component"))
    return [json.loads(proto.json) for proto in drawn if proto.component_name == "vaedash_live_figure"]


def pictures(at):
    """(alternative text, caption) of every picture but the real ones beside them; each has both."""
    described = [(image.alt, image.caption) for element in at.get("image") for image in element.proto.imgs]
    assert all(alt and caption for alt, caption in described)
    return [(alt, caption) for alt, caption in described if not alt.startswith("real pictures")]


def flowing(at):
    """What the diagram through which a picture flows is given; None where there is none."""
    protos = [element.proto for element in at.get("bidi_component")]
    return next((json.loads(proto.json) for proto in protos if proto.component_name == "vaedash_flow"), None)
