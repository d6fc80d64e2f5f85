"""A small static web site about runs: what it is, a story to scroll through, a report on each group; from a folder or any host."""

from vaedash.showing.site.folder import require_ours as require_ours
from vaedash.showing.site.folder import write as write
from vaedash.showing.site.pages import STORY as STORY
from vaedash.showing.site.pages import files as files
