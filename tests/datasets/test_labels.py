"""What is known of pictures: read from a dataset as people speak of it, in groups to choose and traits to move towards."""

import numpy as np
import pytest

from vaedash.datasets import Dataset, labels, shapes
from vaedash.datasets.labels import Label
from vaedash.errors import UsageError
from vaedash.languages import Speech, say, spoken


def dataset(names=None, **values):
    count = len(next(iter(values.values())))
    pixels = np.zeros((count, 3, 32, 32), np.uint8)
    known = {f"{side}/{name}": np.array(each) for name, each in values.items() for side in ("train", "test")}
    return Dataset(name="some", train=pixels, test=pixels, fingerprint="0" * 16, labels=known, names=names or {})


def only(traits):
    (trait,) = traits
    return trait


def test_a_class_is_held_against_all_others_and_what_is_not_known_is_on_no_side():
    (label,) = labels.of_test(dataset(names={"class": ("cat", "dog", "hen")}, **{"class": [0, 1, 2, -1, 0]}), "some")
    assert label.groups()["cat"].tolist() == [True, False, False, False, True]
    cat, _dog, hen = label.traits()
    assert (cat.name, hen.name) == ("cat", "hen")
    assert cat.lacking.tolist() == [False, True, True, False, False]


def test_an_attribute_has_one_direction_called_after_it_and_of_two_classes_the_second_is_it():
    attribute = only(labels.of_test(dataset(names={"Wearing_Hat": ("no", "yes")}, Wearing_Hat=[0, 1, -1, 1]), "celeba"))
    trait = only(attribute.traits())
    assert trait.name == "Wearing Hat"
    assert trait.having.tolist() == [False, True, False, True] and trait.lacking.tolist() == [True, False, False, False]
    pair = only(labels.of_test(dataset(names={"class": ("cat", "dog")}, **{"class": [0, 1, 1]}), "some"))
    assert only(pair.traits()).name == "dog" and only(pair.traits()).having.tolist() == [False, True, True]


def test_classes_that_happen_to_be_called_no_and_yes_are_classes():
    folders = only(labels.of_test(dataset(names={"class": ("no", "yes")}, **{"class": [0, 1, 1]}), "some"))
    assert only(folders.traits()).name == "yes"


def test_a_factor_is_its_upper_third_against_its_lower_and_the_built_in_ones_have_words():
    values = np.arange(9.0)
    label = only(labels.of_test(dataset(size=values), "shapes"))
    trait = only(label.traits())
    assert trait.name == "bigger" and "third with most" in trait.told
    assert trait.having.tolist() == (values >= 16 / 3).tolist() and trait.lacking.tolist() == (values <= 8 / 3).tolist()
    assert only(only(labels.of_test(dataset(size=values), "mine")).traits()).name == "more size"


@pytest.mark.parametrize(
    ("known", "names", "english", "german"),
    [
        ({"size": np.arange(9.0)}, {}, "the third with most size less the third with least", "höchsten Wert (Größe)"),
        (
            {"hue": np.linspace(0, 0.9, 9)},
            {},
            "a third of the wheel of hue less the rest of it",
            "Farbkreises (Farbton)",
        ),
        ({"shape": [0, 1, 1]}, {"shape": ("ring", "star")}, "shape: star less ring", "Form: Stern minus Ring"),
        ({"shape": [0, 1, 2]}, {"shape": ("ring", "star", "heart")}, "one shape less all others", "Form: diese minus"),
    ],
    ids=["factor", "wheel", "two words", "words"],
)
def test_how_two_groups_came_about_is_said_in_each_language(known, names, english, german):
    trait = only(labels.of_test(dataset(names=names, **known), "shapes")).traits()[0]
    assert say(trait.told, **trait.parts) == english
    with spoken(Speech(language="de", region="de")):
        assert german in say(trait.told, **{part: say(word) for part, word in trait.parts.items()})


def test_a_wheel_has_thirds_of_which_the_first_lies_around_its_beginning():
    label = only(labels.of_test(dataset(hue=[0.0, 0.16, 0.18, 0.33, 0.5, 0.66, 0.82, 0.84, 0.99]), "shapes"))
    groups = {word: mask.nonzero()[0].tolist() for word, mask in label.groups().items()}
    assert groups == {"red": [0, 1, 7, 8], "green": [2, 3], "blue": [4, 5, 6]}
    redder = label.traits()[0]
    assert redder.name == "redder" and (redder.lacking == ~redder.having).all()


def test_of_the_shapes_all_factors_are_known_and_no_two_directions_are_called_the_same():
    made = shapes.make(n_train=2, n_test=200)
    known = labels.of_test(
        Dataset(name="shapes", train=made.train, test=made.test, fingerprint="0" * 16, labels=dict(made.labels), names=dict(made.names)),
        "shapes",
    )  # fmt: skip
    assert [label.name for label in known] == ["shape", "hue", "background", "size", "x", "y", "angle"]
    names = [trait.name for label in known for trait in label.traits()]
    assert len(names) == len(set(names)) == 15
    assert {*shapes.FACTORS} == {label.name for label in known} - {"shape"}


def test_what_is_the_same_of_all_pictures_or_not_a_number_is_not_offered():
    assert labels.of_test(dataset(size=[1.0, 1.0], odd=[1.0, float("nan")], mean=[1.0, 2.0]), "mine")[0].name == "mean"
    assert labels.of_test(dataset(size=[1.0, 1.0]), "mine") == []


def test_a_direction_is_asked_for_by_the_label_a_word_or_what_a_slider_calls_it():
    known = [
        Label(name="shape", values=np.array([0, 1, 2]), words=("ring", "square", "star")),
        Label(name="size", values=np.array([1.0, 2.0, 3.0]), factor=shapes.FACTORS["size"]),
    ]
    assert [trait.name for trait in labels.asked(known, "Shape")] == ["ring", "square", "star"]
    assert [trait.name for trait in labels.asked(known, "shape=RING")] == ["ring"]
    assert [trait.name for trait in labels.asked(known, "size=bigger")] == ["bigger"]
    with pytest.raises(UsageError, match=r"There is no label 'colour'. Give one of shape, size."):
        labels.asked(known, "colour")
    with pytest.raises(UsageError, match=r"no direction towards 'cube'. Give one of ring, square, star."):
        labels.asked(known, "shape=cube")
    with pytest.raises(UsageError, match="Nothing is known of these images but their pixels"):
        labels.asked([], "shape")
