// Brings the models that the page carries, and puts what plays with them in its place. Where that cannot be, a sentence says so, and the
// still pictures stay.
"use strict";
const WIDGETS = { bars, corners, dice, redrawn };

for (const part of document.querySelectorAll("script.part")) studio.load(fromBase64(part.textContent));

for (const sentence of document.querySelectorAll(".needs")) {
  sentence.textContent = studio.flaw;
  sentence.hidden = !studio.flaw;
}

for (const place of studio.flaw ? [] : document.querySelectorAll(".play")) {
  const data = JSON.parse(place.querySelector("script").textContent);
  WIDGETS[place.dataset.widget](place, data, () => {});
  place.hidden = false;
}

for (const place of studio.flaw ? [] : document.querySelectorAll(".live")) place.hidden = false;

for (const morph of document.querySelectorAll(".morph"))
  Promise.all([...morph.querySelectorAll(".frames")].map((frames) => frames.decode())).then(() => animate(morph));
