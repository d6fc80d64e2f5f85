// Curves.
"use strict";

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
    plot.after(Object.assign(document.createElement("img"), { className: "printed", alt: plot.ariaLabel, src })),
  );
}
