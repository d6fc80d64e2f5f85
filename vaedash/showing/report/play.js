// Brings the models that the page carries, and puts what plays with them in its place. Where that cannot be, a sentence says so, and the
// still pictures stay.
"use strict";
const WIDGETS = { drawing, flow, morph, numbers, plane, throws };

for (const part of document.querySelectorAll("script.part")) studio.load(fromBase64(part.textContent));

for (const sentence of document.querySelectorAll(".needs")) {
  sentence.textContent = studio.flaw;
  sentence.hidden = !studio.flaw;
}

function play(place, data) {
  place.told = data;
  WIDGETS[place.dataset.widget](place, data, (what, value) => what === "picked" && pick(place, value));
}

// A picture that is chosen on one map is chosen on those beside it, of the same pictures.
function pick(place, number) {
  for (const map of place.closest(".plays").querySelectorAll("[data-widget=plane]")) play(map, { ...map.told, number });
}

const build = (place) => play(place, JSON.parse(place.querySelector("script").textContent));

// What moves by itself waits until somebody sees it.
const seen = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting) continue;
    seen.unobserve(target);
    build(target);
  }
});

if (!studio.flaw) {
  for (const place of document.querySelectorAll("[data-widget], .alive")) place.hidden = false;
  for (const place of document.querySelectorAll("[data-widget]")) place.dataset.widget === "flow" ? seen.observe(place) : build(place);
}
