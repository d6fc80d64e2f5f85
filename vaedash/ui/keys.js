// Keys press the buttons that `data` names for them. `button.click()` has a detail of 0, a finger's click has not.
const WRITING = "input:not([type=checkbox], [type=range]), textarea, select, [contenteditable=true], [role=combobox]";
const SLIDER = "[role=slider], [type=range]";
const PRESSABLE = "button, a, summary, label, input, [role=button]";
const POPOVER = "[data-testid=stPopover]";
const CLICKERS = ["PageUp", "PageDown"];
const OPEN = "[data-testid=stPopoverBody], [role=dialog]";

export default function ({ data, parentElement }) {
  parentElement.deaf?.(); // this function runs again whenever data change

  const pressed = (event) => {
    if (event.key === "Tab") parentElement.byHand = false;
    const button = document.querySelector(data[event.key] ?? "none");
    const [under] = event.composedPath(); // within a component's own tree too
    if (!button || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (under.closest?.(WRITING)) return;
    const { byHand } = parentElement;
    const open = document.querySelector(OPEN);
    if (under.closest?.(SLIDER) && !(byHand && CLICKERS.includes(event.key))) return;
    if ([" ", "Enter"].includes(event.key) && under.closest?.(PRESSABLE)) {
      // What a hand has opened and closed has the focus still.
      if (!byHand || open || !under.closest(POPOVER)) return; // the browser presses it itself
      under.blur();
    }
    if (event.key === "Escape" && open) return; // closes that
    event.preventDefault(); // or the page would scroll
    if (!event.repeat) button.click();
  };
  const touched = () => {
    parentElement.byHand = true;
  };
  // Who clicks a button goes on with keys that are meant for the page, not for that button.
  const clicked = (event) => {
    const focused = document.activeElement;
    if (event.detail && focused?.matches("button, input[type=checkbox]") && !focused.closest(POPOVER)) focused.blur();
  };

  document.addEventListener("keydown", pressed);
  document.addEventListener("pointerdown", touched);
  document.addEventListener("click", clicked);
  parentElement.deaf = () => {
    document.removeEventListener("keydown", pressed);
    document.removeEventListener("pointerdown", touched);
    document.removeEventListener("click", clicked);
  };
  return parentElement.deaf;
}
