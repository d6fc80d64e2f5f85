// Questions: whoever guesses is told, and the answer opens. And what was redrawn after one look and after many, under one control.
"use strict";
for (const guess of document.querySelectorAll(".guess")) {
  const choices = guess.querySelector(".choices");
  const [told, details] = [guess.querySelector(".said"), guess.querySelector("details")];
  choices.hidden = false;
  choices.onclick = ({ target }) => {
    if (target.tagName !== "BUTTON") return;
    const right = target.textContent === guess.dataset.answer;
    for (const button of choices.children) {
      button.disabled = true;
      button.classList.toggle("right", button.textContent === guess.dataset.answer);
    }
    target.classList.add("mine");
    const answer = { answer: target.textContent };
    told.textContent = right ? said("You said {answer}, and so it is.", answer) : said("You said {answer}.", answer);
    details.open = true;
  };
}

for (const looks of document.querySelectorAll(".looks")) {
  const [counts, places] = [looks.dataset.looks, looks.dataset.places].map((list) => list.split(" ").map(Number));
  const [slider, reading] = [looks.querySelector("input"), looks.querySelector("output")];
  const mark = document.querySelector(".race").appendChild(document.createElement("i"));
  const canvases = [...looks.querySelectorAll("canvas")];

  function show() {
    const at = Number(slider.value);
    const words = counts[at] === 1 ? said("after one look") : said("after {n} looks", { n: counts[at] });
    for (const canvas of canvases) {
      const [brush, sheet, side] = [canvas.getContext("2d"), canvas.nextElementSibling, canvas.height / 2];
      brush.drawImage(sheet, 0, 0); // its first row, the pictures themselves, is above all others
      brush.drawImage(sheet, 0, (at + 1) * side, canvas.width, side, 0, side, canvas.width, side);
      canvas.ariaLabel = said("new pictures, and below each as {name} redraws it {words}", { name: canvas.dataset.name, words });
    }
    mark.style.setProperty("--place", places[at]);
    slider.ariaValueText = reading.value = words;
  }

  Promise.all(canvases.map((canvas) => canvas.nextElementSibling.decode())).then(() => {
    slider.oninput = show;
    looks.hidden = false;
    show();
  });
}
