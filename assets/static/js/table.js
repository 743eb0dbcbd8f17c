// Ticked rows: select all (of what is visible), the bulk bar with its count, and the focus on the next row after an answer.
const scope = (element) => element.closest("form") ?? document;
const picks = (root) => [...root.querySelectorAll("[data-pick]:not(:disabled)")];

const refresh = (root) => {
  const all = picks(root);
  const ticked = all.filter((box) => box.checked).length;
  for (const box of all) box.closest("[data-row]")?.classList.toggle("is-picked", box.checked);
  for (const head of root.querySelectorAll("[data-pick-all]")) {
    head.checked = ticked > 0 && ticked === all.length;
    head.indeterminate = ticked > 0 && ticked < all.length;
  }
  for (const bar of root.querySelectorAll("[data-bulk]")) {
    bar.hidden = ticked === 0;
    const count = bar.querySelector("[data-bulk-count]");
    const text = ticked === 1 ? bar.dataset.one : bar.dataset.many.replace("{n}", ticked);
    if (count.textContent !== text) count.textContent = text;
  }
};

let anchor = null;
document.addEventListener("click", (event) => {
  const clear = event.target.closest("[data-bulk-clear]");
  if (clear) {
    const root = scope(clear);
    for (const box of picks(root)) box.checked = false;
    refresh(root);
    root.querySelector("[data-row]")?.focus();
    return;
  }
  const box = event.target.closest("[data-pick]");
  if (!box) return;
  const all = picks(scope(box));
  if (event.shiftKey && anchor && all.includes(anchor)) {
    const [from, to] = [all.indexOf(anchor), all.indexOf(box)].sort((a, b) => a - b);
    for (const each of all.slice(from, to + 1)) each.checked = box.checked;
    refresh(scope(box));
  }
  anchor = box;
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-pick-all]")) {
    for (const box of picks(scope(event.target))) box.checked = event.target.checked;
  }
  if (event.target.matches("[data-pick], [data-pick-all]")) refresh(scope(event.target));
});

// A refreshed list keeps its ticks as they are now, not as they were when the refresh was asked for; after a POST what was sent is done.
let ticks = new Map();
document.body.addEventListener("htmx:beforeSwap", (event) => {
  const boxes = event.detail.requestConfig?.verb === "get" ? event.detail.target.querySelectorAll("[data-pick]") : [];
  ticks = new Map([...boxes].map((box) => [box.id, box.checked]));
});
document.body.addEventListener("htmx:afterSwap", () => {
  for (const [id, checked] of ticks) {
    const box = document.getElementById(id);
    if (box && !box.disabled) box.checked = checked;
  }
  ticks.clear();
});

// A refreshed list keeps its bar and its focus; rows are found again by id or, when the row is gone, by place.
let place = null;
document.body.addEventListener("htmx:beforeSwap", (event) => {
  const row = document.activeElement?.closest("[data-row]");
  if (!row || !event.detail.target.contains(row)) { place = null; return; }
  place = { id: row.id, at: [...document.querySelectorAll("[data-row]")].indexOf(row), self: row === document.activeElement };
});
document.body.addEventListener("htmx:afterSettle", (event) => {
  const target = event.detail.target;
  for (const part of document.querySelectorAll("[data-bulk], [data-pick-all]")) refresh(scope(part));
  const rows = [...document.querySelectorAll("[data-row]")];
  if (place && !document.activeElement?.closest("[data-row]")) {
    const same = place.self && place.id ? document.getElementById(place.id) : null;
    (same ?? rows[Math.min(place.at, rows.length - 1)])?.focus({ preventScroll: true });
  }
  place = null;
  const answered = target.matches?.("[data-focus-next]") ? target : target.querySelector?.("[data-focus-next]");
  const row = answered?.closest("[data-row]") ?? answered;
  if (row) (rows.find((each) => row.compareDocumentPosition(each) & Node.DOCUMENT_POSITION_FOLLOWING && !row.contains(each)) ?? rows.at(-1))?.focus();
});

for (const row of document.querySelectorAll("[data-row]:not([tabindex])")) row.tabIndex = -1;
document.body.addEventListener("htmx:load", (event) => {
  const root = event.detail.elt;
  for (const row of root.querySelectorAll?.("[data-row]:not([tabindex])") ?? []) row.tabIndex = -1;
  if (root.matches?.("[data-row]:not([tabindex])")) root.tabIndex = -1;
});
for (const part of document.querySelectorAll("[data-bulk], [data-pick-all]")) refresh(scope(part));
