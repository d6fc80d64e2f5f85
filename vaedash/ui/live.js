const AXES = ["xaxis", "yaxis"];

// Remembers how far somebody has zoomed into each axis, until it is put back as it was.
function remember(box, changed) {
  for (const name of AXES) {
    const range = changed[`${name}.range`] ?? [changed[`${name}.range[0]`], changed[`${name}.range[1]`]];
    const home = box.home[name].range?.every((end, at) => end === range[at]);
    if (changed[`${name}.autorange`] || home) delete box.zoom[name];
    else if (range[1] !== undefined) box.zoom[name] = { range, of: box.home[name].uirevision };
  }
}

// Two axes of one scale widen as the room for them changes, and stay wide: they begin anew from what they are to show.
function fit(box) {
  if (!box.home.yaxis.scaleanchor) return;
  const axes = AXES.filter((name) => !box.zoom[name] && box.home[name].range);
  window.Plotly.relayout(box, Object.fromEntries(axes.map((name) => [`${name}.range`, [...box.home[name].range]])));
}

// What somebody has done with the figure that is there, done to the one that takes its place: hidden curves, of whichever
// trace they consist, and on an axis that means the same, the zoom.
function kept(box, data, layout) {
  const group = (trace) => trace.legendgroup ?? trace.name;
  const hidden = new Set((box.data ?? []).filter((trace) => trace.visible === "legendonly").map(group));
  box.home = structuredClone(Object.fromEntries(AXES.map((name) => [name, layout[name]]))); // Plotly writes into its own
  const axes = AXES.filter((name) => box.zoom[name] && box.zoom[name].of === layout[name].uirevision).map((name) => [
    name,
    { ...layout[name], range: box.zoom[name].range, autorange: false },
  ]);
  return [
    data.map((trace) => (hidden.has(group(trace)) ? { ...trace, visible: "legendonly" } : trace)),
    { ...layout, ...Object.fromEntries(axes), uirevision: (box.drawn = (box.drawn ?? 0) + 1) },
  ];
}

// Draws the figure in `data`, or changes the one that is there into it.
export default function ({ data, parentElement, setTriggerValue }) {
  const box = parentElement.querySelector(".live-figure");
  box.clicked = data.clickable ? (point) => setTriggerValue("clicked", point.customdata) : undefined;
  box.setAttribute("role", data.config.displayModeBar ? "figure" : "img"); // an image has no buttons
  box.setAttribute("aria-label", data.alt);
  const said = parentElement.querySelector("[role=status]");
  if (said.textContent !== data.said) said.textContent = data.said;

  const style = getComputedStyle(parentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const lines = (strength) => {
    const faint = `rgba(128,128,128,${strength})`;
    return { gridcolor: faint, zerolinecolor: faint, automargin: true }; // what is written at an axis has room
  };
  const layout = {
    ...data.layout,
    template: undefined,
    paper_bgcolor: colour("--st-background-color"), // its letters could not be read on another, where it is saved as a picture
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: colour("--st-font"), color: colour("--st-text-color"), size: data.layout.font?.size ?? 15 },
    // Faint, the upright ones most: what is read off is how high a curve is.
    xaxis: { ...lines(0.12), ...data.layout.xaxis },
    yaxis: { ...lines(0.25), ...data.layout.yaxis },
    hoverlabel: {
      ...data.layout.hoverlabel,
      bgcolor: colour("--st-background-color"),
      font: { ...data.layout.hoverlabel?.font, color: colour("--st-text-color") },
    },
  };
  if (data.arrival && data.arrival !== window.vaedashArrival) {
    window.vaedashArrival = data.arrival; // once: whoever scrolls on is left alone
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    setTimeout(() => box.scrollIntoView({ block: "center", behavior: calm ? "auto" : "smooth" }), 300);
  }
  const draw = () => {
    if (window.Plotly) {
      const known = box.zoom;
      box.zoom ??= {};
      window.Plotly.react(box, ...kept(box, data.data, layout), data.config).then(() => fit(box));
      if (known) return;
      box.on("plotly_relayout", (changed) => {
        remember(box, changed);
        if (changed.autosize) fit(box);
      });
      box.on("plotly_click", ({ points: [point] }) => point.customdata !== undefined && box.clicked?.(point));
    } else {
      box.waiting = setTimeout(draw, 50); // the library is still on its way
    }
  };
  clearTimeout(box.waiting);
  draw();
}
