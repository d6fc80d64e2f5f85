"""Files to uint8 arrays of square RGB images, with what is known of them: one file a source, read once and cached."""

from vaedash.datasets.cache import (
    Dataset,
    cache_flaw,
    cached,
    caches,
    described,
    lacking,
    leftovers,
    load,
    lock_of,
    packed,
    remove_cache,
    sizes,
)
from vaedash.datasets.source import Progress, Source, silent
from vaedash.datasets.sources import shown
from vaedash.datasets.split import share

__all__ = [
    "Dataset",
    "Progress",
    "Source",
    "cache_flaw",
    "cached",
    "caches",
    "described",
    "lacking",
    "leftovers",
    "load",
    "lock_of",
    "packed",
    "remove_cache",
    "share",
    "shown",
    "silent",
    "sizes",
]
