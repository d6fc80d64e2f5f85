// Offers to tell when a training has ended, and does so, once, where its visitor has allowed it: by a click, never unasked. Says what
// came of the click, and why where the browser refuses.
export default function ({ data, parentElement }) {
  const bell = parentElement.querySelector(".bell");
  const answer = parentElement.querySelector(".bell-answer");
  bell.textContent = data.offer;
  const able = "Notification" in window && window.isSecureContext;
  const awaited = (window.vaedashAwaited ??= new Set());
  const asked = (window.vaedashAsked ??= { clicked: false });
  const permission = () => (able ? Notification.permission : "denied");
  const offer = () => {
    bell.hidden = !data.training || permission() === "granted" || asked.clicked;
    const why = !window.isSecureContext ? data.insecure : "Notification" in window ? data.refused : data.unable;
    const said = permission() === "granted" ? data.agreed : asked.clicked ? why : "";
    answer.textContent = data.training ? said : "";
  };
  bell.onclick = async () => {
    if (able) {
      await Notification.requestPermission();
    }
    // Who closes the question without an answer may be asked again.
    asked.clicked = permission() !== "default";
    offer();
  };
  offer();
  if (data.training) {
    awaited.add(data.runs);
  } else if (awaited.delete(data.runs) && permission() === "granted") {
    try {
      new Notification(data.ended, { body: data.said });
    } catch {
      // Browsers of phones have the word, and refuse.
      answer.textContent = data.unable;
    }
  }
}
