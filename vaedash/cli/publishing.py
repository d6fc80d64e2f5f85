"""What is handed to others on the web: a static site about runs; it loads torch."""

import argparse
from pathlib import Path

from vaedash import languages, places
from vaedash.cli import parsing, terminal


def add_to(commands: parsing.Commands) -> None:
    """Let the command line know this command."""
    publishing = parsing.command(
        commands,
        "site",
        site,
        "a small static web site about runs: a story to scroll through, a report on each group, all to be played with",
        [
            "site latest:fc latest:conv --out site",
            "site hkfrfp qmmcpg --out docs --address https://name.github.io/vaedash/",
        ],
    )
    publishing.add_argument("run", nargs="+", metavar="RUN", help=parsing.RUN)
    publishing.add_argument(
        "--out",
        type=places.written,
        default=Path("site"),
        metavar="DIR",
        help="a new or empty folder, or one with an earlier site (default: %(default)s)",
    )
    publishing.add_argument(
        "--address",
        default="",
        metavar="URL",
        help="where the site will be, for the picture that is shown where somebody passes it on",
    )
    parsing.add_language(publishing)
    parsing.add_places(publishing)
    parsing.add_json(publishing)


def site(arguments: argparse.Namespace) -> int:
    """The pages of a site, into a folder."""
    from vaedash.showing import site as sites

    sites.require_ours(arguments.out)
    chosen = terminal.find_all(arguments)
    with languages.spoken(arguments.language):
        files = sites.files(chosen, address=arguments.address)
    sites.write(arguments.out, files)
    size = sum(map(len, files.values()))
    if arguments.json:
        terminal.print_json({"runs": [run.id for run in chosen], "out": str(arguments.out), "files": sorted(files)})
        return terminal.DONE
    print(
        f"{arguments.out}: a site of {len(files)} files, {size / 1e6:.1f} MB; open index.html, or put the folder on any web host."
    )
    if sites.STORY not in files:
        terminal.say("It has no story: that takes an FC and a conv run that learned from the same pictures.")
    return terminal.DONE
