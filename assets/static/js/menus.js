// Drop-down menus (details[data-menu]): one open at a time, Esc and outside click close, arrow keys move.
const items = (menu) => [...menu.querySelectorAll(".ui-menu__panel :is(a[href], button):not([disabled])")];
const close = (menu, refocus) => {
  menu.open = false;
  if (refocus) menu.querySelector("summary").focus();
};

// Fixed to the viewport beside its button; above it when there is no room below.
const GAP = 4;
const place = (menu) => {
  const panel = menu.querySelector(".ui-menu__panel");
  const box = menu.querySelector("summary").getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = panel;
  const left = menu.classList.contains("ui-menu--end") ? box.right - width : box.left;
  const below = box.bottom + GAP;
  const top = below + height > window.innerHeight && box.top - GAP - height > 0 ? box.top - GAP - height : below;
  panel.style.left = `${Math.max(GAP, Math.min(left, document.documentElement.clientWidth - width - GAP))}px`;
  panel.style.top = `${top}px`;
};

document.addEventListener("toggle", (event) => {
  if (event.target.matches?.("details[data-menu][open]")) place(event.target);
}, true);
const follow = () => document.querySelectorAll("details[data-menu][open]").forEach(place);
document.addEventListener("scroll", follow, { capture: true, passive: true });
window.addEventListener("resize", follow);

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    const inside = menu.contains(event.target);
    const chosen = inside && event.target.closest(".ui-menu__panel :is(a, button)") && !event.target.closest("[name='theme']");
    if (!inside || chosen) close(menu, false);
  }
});

document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.("details[data-menu]");
  if (!menu) return;
  if (event.key === "Escape" && menu.open) {
    event.preventDefault();
    close(menu, true);
  } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    menu.open = true;
    const all = items(menu);
    const step = event.key === "ArrowDown" ? 1 : -1;
    const at = all.indexOf(document.activeElement);
    const next = at < 0 ? (step > 0 ? 0 : all.length - 1) : (at + step + all.length) % all.length;
    all[next]?.focus();
  }
});

document.addEventListener("focusout", (event) => {
  const menu = event.target.closest?.("details[data-menu][open]");
  if (menu && event.relatedTarget && !menu.contains(event.relatedTarget)) close(menu, false);
});
