// Keys press the buttons that `data` names for them. `button.click()` has a detail of 0, a finger's click has not.
const WRITING = "input:not([type=checkbox]), textarea, select, [contenteditable=true], [role=slider], [role=combobox]";
const PRESSABLE = "button, a, summary, label, input, [role=button]";
const OPEN = "[data-testid=stPopoverBody], [role=dialog]";

export default function ({ data, parentElement }) {
  parentElement.deaf?.(); // this function runs again whenever data change

  const pressed = (event) => {
    const button = document.querySelector(data[event.key] ?? "none");
    const [under] = event.composedPath(); // within a component's own tree too
    if (!button || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (under.closest?.(WRITING)) return;
    if ([" ", "Enter"].includes(event.key) && under.closest?.(PRESSABLE)) return; // the browser presses it itself
    if (event.key === "Escape" && document.querySelector(OPEN)) return; // closes that
    event.preventDefault(); // or the page would scroll
    if (!event.repeat) button.click();
  };
  // Who clicks a button goes on with keys that are meant for the page, not for that button.
  const clicked = (event) => {
    const focused = document.activeElement;
    if (event.detail && focused?.matches("button, input[type=checkbox]") && !focused.closest("[data-testid=stPopover]")) focused.blur();
  };

  document.addEventListener("keydown", pressed);
  document.addEventListener("click", clicked);
  parentElement.deaf = () => {
    document.removeEventListener("keydown", pressed);
    document.removeEventListener("click", clicked);
  };
  return parentElement.deaf;
}
