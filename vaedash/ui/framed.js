// In a frame of another site is one sentence instead of the page, and a link: what is drawn over it there could lend its clicks.
({ sentence, link }) => {
  try {
    if (window.top.location.origin === window.location.origin) return;
  } catch {
    // Who may not even be asked is another site.
  }
  if (document.querySelector(".framed")) return;
  const style = document.createElement("style");
  style.textContent = `body > :not(.framed) { display: none !important; }
    .framed { padding: 1.5rem; font: 1rem/1.5 sans-serif; }
    .framed a { color: inherit; }`;
  const said = document.createElement("p");
  said.className = "framed";
  const tab = document.createElement("a");
  Object.assign(tab, { href: window.location.href, target: "_blank", rel: "noopener", textContent: link });
  said.append(sentence, " ", tab);
  document.head.append(style);
  document.body.append(said);
}
