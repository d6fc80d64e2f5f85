// Leads on to the address that a saved view stands for; the browser's Back leads to the page before.
export default function ({ data }) {
  const there = new URL(window.location.href);
  there.search = data.query;
  window.location.replace(there);
}
