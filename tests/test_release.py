"""What stands in several places about a version of vaedash, and the packages that it is tested with, agree."""

import re
import tomllib
from collections import defaultdict

import pytest
import yaml
from babel import Locale
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

import vaedash
from vaedash import places
from vaedash.languages import LANGUAGES

ROOT = places.PROJECT_ROOT


def text_of(name):
    return (ROOT / name).read_text(encoding="utf-8")


def lines_of(name):
    """Its lines that are no comments."""
    return [line for line in text_of(name).splitlines() if line and not line.startswith("#")]


def test_the_newest_changes_are_those_of_this_version_and_citations_name_it_too():
    newest, *earlier = re.findall(r"^## (\S+), (not released yet|\d{4}-\d\d-\d\d)$", text_of("docs/changelog.md"), re.M)
    assert len([newest, *earlier]) == text_of("docs/changelog.md").count("\n## ")
    assert all(day != "not released yet" for _, day in earlier)
    cited = dict(re.findall(r"^([a-z-]+): (\S+)$", text_of("CITATION.cff"), re.M))
    assert newest[0] == cited["version"] == vaedash.__version__
    assert cited.get("date-released", "not released yet") == newest[1]


def test_what_a_package_index_shows_is_what_is_cited_and_asked_for():
    shown, cited = tomllib.loads(text_of("pyproject.toml"))["project"], yaml.safe_load(text_of("CITATION.cff"))
    assert (shown["license"], shown["keywords"]) == (cited["license"], cited["keywords"])
    assert [author["name"] for author in shown["authors"]] == [author["name"] for author in cited["authors"]]
    minors = {f"3.{minor}" for minor in range(20) if f"3.{minor}" in SpecifierSet(shown["requires-python"])}
    kinds = dict.fromkeys(shown["classifiers"])
    assert {kind.rpartition(" ")[2] for kind in kinds if kind.startswith("Programming Language")} == minors
    assert {kind.rpartition(" ")[2] for kind in kinds if kind.startswith("Natural Language")} == {
        Locale.parse(code).english_name for code in LANGUAGES
    }
    files = [ROOT / shown["readme"], *(file for pattern in shown["license-files"] for file in ROOT.glob(pattern))]
    assert all(file.is_file() for file in files) and {*ROOT.glob("vaedash/**/*LICENSE*")} < {*files}


# ---- the packages that it is tested with ----------------------------------------------------------------


def asked_for():
    """Every package that vaedash or one of its extras asks for."""
    extras = tomllib.loads(text_of("pyproject.toml"))["project"]["optional-dependencies"]
    asked = map(Requirement, [*lines_of("requirements.txt"), *(line for extra in extras.values() for line in extra)])
    return [requirement for requirement in asked if requirement.name != "vaedash"]


@pytest.mark.parametrize("requirement", asked_for(), ids=str)
def test_each_package_that_is_asked_for_is_locked_at_a_version_that_is_allowed(requirement):
    locked = defaultdict(list)
    for line in map(Requirement, lines_of(".ci/constraints.txt")):
        locked[canonicalize_name(line.name)] += [pin.version for pin in line.specifier]
    versions = locked[canonicalize_name(requirement.name)]
    assert versions, "lock it: docs/contributing.md, Packages"
    assert any(requirement.specifier.contains(version) for version in versions)


def test_changes_are_tested_with_the_locked_packages_and_once_a_week_with_the_newest():
    workflow = text_of(".github/workflows/tests.yml")
    assert re.findall(r"- run: (.+)", workflow) == [".ci/run", ".ci/run newest"]
    [condition] = [line for line in lines_of(".ci/run") if "PIP_CONSTRAINT" in line]
    assert condition.startswith('[ "${1:-}" = newest ] || export') and ".ci/constraints.txt" in condition
