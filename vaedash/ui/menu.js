// On a phone the menu lies over the page: who has chosen from it wants to see what was chosen.
if (!window.vaedashMenu) {
  window.vaedashMenu = true;
  document.addEventListener("click", (event) => {
    const menu = event.target.closest?.("[data-testid=stSidebar]");
    if (!menu || !event.target.closest("[data-testid=stSidebarNavLink]")) return;
    setTimeout(() => menu.querySelector("[data-testid=stSidebarCollapseButton] button")?.click());
  });
}
