// Curves, and a morph whose frames lie side by side in one picture: moving the control copies one of them onto each canvas.
"use strict";
const COLUMNS = 8; // of the picture that holds the frames

for (const plot of document.querySelectorAll(".plot")) {
  const { data, layout, config } = JSON.parse(plot.querySelector("script").textContent);
  Plotly.newPlot(plot, data, layout, config);
  // Paper has a width of its own, is white even in the dark, and does not scroll.
  // A legend of many entries, some three in a row, is given what it needs, and the curves keep what they have.
  const rows = Math.ceil(data.filter((trace) => trace.showlegend !== false).length / 3);
  const maxheight = Math.max(layout.legend.maxheight, 24 * rows);
  const height = layout.height + maxheight - layout.legend.maxheight;
  const whole = { ...layout, legend: { ...layout.legend, maxheight } };
  Plotly.toImage({ data, layout: whole }, { format: "svg", width: 720, height }).then((src) =>
    plot.after(Object.assign(document.createElement("img"), { className: "paper", alt: plot.ariaLabel, src })),
  );
}

function animate(morph) {
  const slider = morph.querySelector("input");
  const [play, reading] = [morph.querySelector("button"), morph.querySelector("output")];
  const last = Number(slider.max);
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const lap = calm ? 20_000 : 5000; // milliseconds there and back
  let [place, playing] = [0, 0];

  function show() {
    const frame = Math.round(place * last);
    const words = `alpha ${place.toFixed(2)}`;
    for (const canvas of morph.querySelectorAll("canvas")) {
      const size = canvas.width;
      const [x, y] = [frame % COLUMNS, Math.floor(frame / COLUMNS)].map((at) => at * size);
      canvas.getContext("2d").drawImage(canvas.nextElementSibling, x, y, size, size, 0, 0, size, size);
      canvas.ariaLabel = `${canvas.dataset.name}, ${words}`;
    }
    slider.value = frame;
    slider.ariaValueText = words;
    reading.value = words;
  }

  function pause() {
    cancelAnimationFrame(playing);
    playing = 0;
    play.textContent = "▶ Play";
  }

  function start() {
    const began = performance.now() - (place / 2) * lap; // from where the control stands
    const tick = (now) => {
      const swing = 1 - Math.abs(1 - 2 * ((Math.max(0, now - began) / lap) % 1));
      place = calm ? Math.round(swing * 9) / 9 : swing; // without motion, the study's ten steps
      show();
      playing = requestAnimationFrame(tick);
    };
    play.textContent = "❚❚ Pause";
    playing = requestAnimationFrame(tick);
  }

  play.onclick = () => (playing ? pause() : start());
  slider.oninput = () => {
    pause();
    place = slider.value / last;
    show();
  };
  show();
}

for (const morph of document.querySelectorAll(".morph"))
  Promise.all([...morph.querySelectorAll(".frames")].map((frames) => frames.decode())).then(() => animate(morph));
