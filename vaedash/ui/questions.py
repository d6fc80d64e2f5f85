"""How each question of the tour is asked: in words for a class, before and after it has seen the answer."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Wording:
    """A question as it is `asked`, what one needs to know for a guess, and what a teacher may add to the answer (may be empty)."""

    asked: str
    before: str
    after: str = ""


# By `quiz.Question.key`.
WORDINGS: Mapping[str, Wording] = {
    "drew": Wording(
        asked="Which of these did conv draw?",
        before="Two programs have learned to draw from the same pictures. **FC** looks at all pixels at once and does not know "
        "which ones are neighbours. **conv** looks through a small window that slides over the picture. Here both make "
        "something up.",
        after="What gave it away?",
    ),
    "weights": Wording(
        asked="Which one has more numbers to learn?",
        before="Each program is a long list of numbers, its **weights**; to learn is to change them bit by bit. FC ties every pixel "
        "to every unit. conv has one small window for all places of the picture.",
        after="Would you still bet on the same one?",
    ),
    "speed": Wording(
        asked="Which one gets through more pictures a second?",
        before="While it learns, that is. Think of how many weights each one has.",
        after="Each of conv's few weights works at every place of the picture, each of FC's only once.",
    ),
    "first": Wording(
        asked="Who has learned more from one look?",
        before="Both have looked at every picture once. Now they are shown new ones, and redraw them from what they noted down. "
        "The **loss** says how much is wrong: lower is better.",
        after="What is there already, and what is still missing?",
    ),
    "end": Wording(
        asked="Who will be ahead in the end?",
        before="They go on and look at all pictures again and again. This is how it begins. Will the gap close, or stay?",
    ),
    "made up": Wording(
        asked="Which row is made up?",
        before="For one row the better one was shown pictures, squeezed each into a few numbers and **redrew** it. For the other "
        "one there was no picture: the numbers were **thrown like dice**.",
        after="It had learned from none of these pictures: they were kept aside as an exam.",
    ),
    "shuffled": Wording(
        asked="Who suffers more if the pixels are shuffled?",
        before="Take every picture apart into its pixels and lay them out anew, always in the same order. Nothing is lost, but "
        "neighbours are no neighbours any more. Both learn again, from such pictures.",
        after="FC never knew which pixels are neighbours; conv's window now holds pixels that have nothing to do with each other.",
    ),
}
