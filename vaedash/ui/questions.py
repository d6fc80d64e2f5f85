"""How each step of the tour is put: in words for a class, before and after it has seen the answer."""

from collections.abc import Mapping
from dataclasses import dataclass

from vaedash import config
from vaedash.comparing.quiz import LEVEL
from vaedash.languages import say, to_say


def called(answer: str) -> str:
    """What an answer is called on the page."""
    return say("about the same") if answer == LEVEL else config.spoken(answer)


@dataclass(frozen=True, kw_only=True)
class Wording:
    """A question as it is `asked`, what one needs to know for a guess, and what a teacher may add to the answer (may be empty)."""

    asked: str
    before: str
    after: str = ""


# By `quiz.Question.key`. On a projector, `before` and `after` have two lines.
WORDINGS: Mapping[str, Wording] = {
    "drew": Wording(
        asked=to_say("Which of these did conv draw?"),
        before=to_say(
            "Two programs have learned to draw from the same pictures. **FC** looks at all pixels at once; **conv** looks "
            "through a small window that slides over the picture. Here each of them makes something up."
        ),
        after=to_say("What gave it away?"),
    ),
    "weights": Wording(
        asked=to_say("Which one has more numbers to learn?"),
        before=to_say(
            "Each program is a long list of numbers, its **weights**; to learn is to change them bit by bit. FC has some for "
            "every single pixel. conv has one small window for all places."
        ),
        after=to_say("Would you still bet on the same one?"),
    ),
    "inside": Wording(
        asked=to_say("What becomes of a picture in there?"),
        before=to_say(
            "Each takes it apart, layer by layer, keeps a few numbers in the middle, and draws it again from these. "
            "Press any part of it to see more."
        ),
    ),
    "first": Wording(
        asked=to_say("Who has learned more after one look?"),
        before=to_say(
            "Both have looked at every picture once. Now they are shown new ones, such as these, and **redraw** them from "
            "what they noted down."
        ),
        after=to_say("What is there already, and what is still missing?"),
    ),
    "end": Wording(
        asked=to_say("Who will be ahead in the end?"),
        before=to_say(
            "They go on and look at all the pictures again and again. The lower a line, the less is wrong with what is "
            "redrawn. This is how it begins."
        ),
        after=to_say("Would it help to look even more often?"),
    ),
    "numbers": Wording(
        asked=to_say("How does a model remember a picture?"),
        before=to_say(
            "It keeps only the numbers in the middle, one for each bar, and draws the picture again from them."
        ),
    ),
    "made up": Wording(
        asked=to_say("Which row is made up?"),
        before=to_say(
            "One row was **redrawn**, from the few numbers that real pictures were squeezed into. For the other row there were "
            "no pictures: the numbers were thrown like dice."
        ),
        after=to_say("It had not learned from these pictures: they were kept aside as an exam."),
    ),
    "shuffled": Wording(
        asked=to_say("Who suffers more if the pixels are shuffled?"),
        before=to_say(
            "Now the pixels of every picture change places, in all of them in the same way. Nothing is lost, but "
            "neighbours are no neighbours any more. Now both learn again."
        ),
        after=to_say(
            "Above as they are, below shuffled: what conv sees through its window does not belong together any more."
        ),
    ),
}
