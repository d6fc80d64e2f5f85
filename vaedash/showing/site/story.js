// Questions: whoever guesses is told, and the answer opens.
"use strict";
for (const guess of document.querySelectorAll(".guess")) {
  const choices = guess.querySelector(".choices");
  const [said, details] = [guess.querySelector(".said"), guess.querySelector("details")];
  choices.hidden = false;
  choices.onclick = ({ target }) => {
    if (target.tagName !== "BUTTON") return;
    const right = target.textContent === guess.dataset.answer;
    for (const button of choices.children) {
      button.disabled = true;
      button.classList.toggle("right", button.textContent === guess.dataset.answer);
    }
    target.classList.add("mine");
    said.textContent = `You said ${target.textContent}${right ? ", and so it is." : "."}`;
    details.open = true;
  };
}
