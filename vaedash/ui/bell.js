// Offers to tell when a training has ended, and does so, once, where its visitor has allowed it: by a click, never unasked.
export default function ({ data, parentElement }) {
  const bell = parentElement.querySelector(".bell");
  const able = "Notification" in window && window.isSecureContext;
  const awaited = (window.vaedashAwaited ??= new Set());
  const offer = () => {
    bell.hidden = !(able && data.training && Notification.permission === "default");
  };
  bell.onclick = () => Notification.requestPermission().then(offer);
  offer();
  if (data.training) {
    awaited.add(data.runs);
  } else if (awaited.delete(data.runs) && able && Notification.permission === "granted") {
    new Notification("The training has ended", { body: data.said });
  }
}
