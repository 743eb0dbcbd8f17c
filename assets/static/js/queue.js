// The queue renews itself: ticked rows stay ticked, new rows are marked and announced, nothing scrolls.
const rows = document.getElementById("rows");
const news = document.getElementById("queue-news");
if (rows) {
  const ids = () => [...rows.querySelectorAll("[data-row]")].map((row) => row.id);
  let known = new Set(ids());
  let ticked = [];

  document.body.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target !== rows) return;
    // What was sent is done: only a refresh keeps the ticks.
    const sent = event.detail.requestConfig?.verb === "post";
    ticked = sent ? [] : [...rows.querySelectorAll("[data-pick]:checked")].map((box) => box.id);
  });

  document.body.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target !== rows) return;
    for (const id of ticked) {
      const box = document.getElementById(id);
      if (box) box.checked = true;
    }
    const fresh = ids().filter((id) => !known.has(id));
    for (const id of fresh) document.getElementById(id).classList.add("is-new");
    for (const id of fresh) known.add(id);
    news.textContent = !fresh.length ? "" : fresh.length === 1 ? news.dataset.one : news.dataset.many.replace("{n}", fresh.length);
  });
}
