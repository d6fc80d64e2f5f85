// Completes the address in place: what a page takes for granted is no step of its own to go back to.
export default function ({ data }) {
  const address = new URL(window.location.href);
  const missing = Object.entries(data).filter(([name]) => !address.searchParams.has(name));
  for (const [name, value] of missing) {
    address.searchParams.set(name, value);
  }
  if (missing.length) {
    window.history.replaceState(window.history.state, "", address);
  }
}
