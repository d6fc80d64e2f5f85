"""Files as somebody might have them: pictures that can be told apart, in folders, zips and tables."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def encoded(image: Image.Image, format: str = "PNG", **options) -> bytes:
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def plain(colour=RED, size=(32, 32), format: str = "PNG") -> bytes:
    return encoded(Image.new("RGB", size, colour), format)


def photograph(width: int, height: int) -> Image.Image:
    rows, columns = np.mgrid[0:height, 0:width]
    channels = [columns * 255 / width, rows * 255 / height, 255 - columns * 255 / width]
    return Image.fromarray(np.stack(channels, axis=-1).astype(np.uint8))


def shade(level: int) -> bytes:
    return plain((level, level, level))


def shades(images: np.ndarray) -> list[int]:
    return images[:, 0, 16, 16].tolist()


def write(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def packed(path: Path, files: dict[str, bytes], kind: str) -> Path:
    return write(path / "set", files) if kind == "folder" else zipped(path / "set.zip", files)


def table(path: Path, **columns) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)
    return path
