// Draws the figure in `data`, or changes the one that is there into it.
export default function ({ data, parentElement }) {
  const box = parentElement.querySelector(".live-figure");
  box.setAttribute("role", "img");
  box.setAttribute("aria-label", data.alt);
  const said = parentElement.querySelector("[role=status]");
  if (said.textContent !== data.said) said.textContent = data.said;

  const style = getComputedStyle(parentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const axis = { gridcolor: colour("--st-border-color"), zerolinecolor: colour("--st-border-color") };
  const layout = {
    ...data.layout,
    template: undefined,
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: colour("--st-font"), color: colour("--st-text-color"), size: data.layout.font?.size ?? 15 },
    xaxis: { ...axis, ...data.layout.xaxis },
    yaxis: { ...axis, ...data.layout.yaxis },
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
      window.Plotly.react(box, data.data, layout, data.config);
    } else {
      box.waiting = setTimeout(draw, 50); // the library is still on its way
    }
  };
  clearTimeout(box.waiting);
  draw();
}
