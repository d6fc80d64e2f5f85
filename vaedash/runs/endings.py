"""What trainings have written of their end, in English, as it is said to whoever reads it in another language."""

from vaedash.languages import again, to_say

# As `training.loop` and `training.process` write them; a number among them is a number wherever it is read.
SENTENCES = (
    to_say("Finished all {epochs} epochs."),
    to_say(
        "Stopped after epoch {epoch}: {patience} epochs in a row without the {monitor} loss falling by {min_delta} {unit}. The best "
        "weights are those of epoch {best}."
    ),
    to_say("Stopped on request while it waited for its turn."),
    to_say("Stopped on request before its first epoch was finished."),
    to_say("Stopped on request; epoch {epoch} is kept, the unfinished one was dropped. Resume goes on from there."),
    to_say(
        "Diverged in epoch {epoch}: {loss} is not a finite number. The weights after epoch {kept} are kept. Try a smaller --lr (this run "
        "had {lr})."
    ),
    to_say(
        "Diverged in epoch {epoch}: {loss} is not a finite number. No epoch was finished. Try a smaller --lr (this run had {lr})."
    ),
    to_say(
        "Diverged: after epoch {epoch} its {split} loss is {loss} {unit}, while a picture that is wrong in every pixel costs {costs}. The "
        "best weights are those of epoch {best}. Try a smaller --lr (this run had {lr})."
    ),
    to_say("The disk is full ({free} MB free). What was saved is whole: free some room, then resume."),
    to_say("Out of memory. What was saved is whole: try a smaller --batch-size or --fraction in a new run."),
    to_say("{error}. The whole story is at the end of {log}."),
)


def said(sentence: str) -> str:
    """How a training ended, in the language of whoever looks, where it was one of these ways; else as it was written."""
    return again(sentence, SENTENCES)
