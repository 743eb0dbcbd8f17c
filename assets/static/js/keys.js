// Single keys: j/k rows, x tick, o/Enter open, / search, ? help, g+letter go; page and row buttons name theirs in data-key.
// Never while typing, never with a modifier, and not at all when switched off (WCAG 2.1.4; the switch is kept here).
const STORE = "single-keys";
const GO_WITHIN = 1500;
const enabled = () => localStorage.getItem(STORE) !== "off";
const rows = () => [...document.querySelectorAll("[data-row]")].filter((row) => row.offsetParent !== null);
const current = () => document.activeElement?.closest?.("[data-row]") ?? null;
const typing = (element) => element?.closest?.("input:not([type='checkbox'], [type='radio']), textarea, select, [contenteditable], [data-editing]");

const move = (step) => {
  const all = rows();
  const at = all.indexOf(current());
  const next = all[at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + step, 0), all.length - 1)];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
};

const open = (id) => {
  const dialog = document.getElementById(id);
  if (dialog && !document.querySelector("dialog[open]")) dialog.showModal();
};

const search = () => {
  const box = document.querySelector("[data-search]");
  if (box) box.focus();
  else open("palette");
};

const press = (key) => {
  const row = current();
  const wanted = `[data-key="${CSS.escape(key)}"]`;
  const button = row?.querySelector(wanted) ?? [...document.querySelectorAll(wanted)].find((each) => !each.closest("[data-row]"));
  if (!button || button.disabled) return false;
  if (button.matches("input, select, textarea")) button.focus();
  else button.click();
  return true;
};

const COMMANDS = {
  j: () => move(1),
  k: () => move(-1),
  x: () => current()?.querySelector("[data-pick]")?.click(),
  o: () => current()?.querySelector("[data-open]")?.click(),
  "/": search,
  "?": () => open("keys-dialog"),
};

let went = 0;
document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (!enabled() || typing(event.target) || document.querySelector("dialog[open]")) return;
  const row = current();
  if (event.key === "Enter") {
    if (row && event.target === row) COMMANDS.o();
    return;
  }
  if (went && performance.now() - went < GO_WITHIN) {
    went = 0;
    const link = document.querySelector(`[data-go="${CSS.escape(event.key)}"]`);
    if (link) { event.preventDefault(); link.click(); return; }
  }
  if (event.key === "g") { went = performance.now(); return; }
  if (press(event.key)) { event.preventDefault(); return; }
  const command = COMMANDS[event.key];
  if (command) { event.preventDefault(); command(); }
});

// The help lists what this page offers: its own keys and the places of the sidebar.
const help = document.getElementById("keys-dialog");
const list = help?.querySelector("[data-keys-page]");
const entry = (keys, text) => {
  const line = document.createElement("div");
  const term = document.createElement("dt");
  const what = document.createElement("dd");
  keys.forEach((key, index) => {
    const box = document.createElement("kbd");
    box.className = "ui-kbd";
    box.textContent = key;
    if (index) term.append(" ");
    term.append(box);
  });
  what.textContent = text;
  line.append(term, what);
  return line;
};

if (help) {
  const fill = () => {
    const own = new Map([...document.querySelectorAll("[data-key]")].map((e) => [e.dataset.key, e.dataset.keyLabel ?? e.textContent.trim()]));
    const places = new Map([...document.querySelectorAll("[data-go]")].map((e) => [e.dataset.go, e.querySelector("span").textContent]));
    list.replaceChildren(...[...own].map(([key, text]) => entry([key], text)), ...[...places].map(([key, text]) => entry(["g", key], text)));
  };
  new MutationObserver(() => { if (help.open) fill(); }).observe(help, { attributeFilter: ["open"] });
  const box = help.querySelector("[data-keys-switch]");
  box.checked = enabled();
  box.addEventListener("change", () => localStorage.setItem(STORE, box.checked ? "on" : "off"));
}
