// A finger on a chart scrolls the page, and a tap finds a point as a pointer does: Plotly would take both for a drag.
if (!window.vaedashTouch) {
  window.vaedashTouch = true;
  const theirs = (event) => {
    if (event.target.closest?.(".js-plotly-plot .draglayer")) event.stopPropagation();
  };
  document.addEventListener("touchstart", theirs, { capture: true, passive: true });
}
