// The queue renews itself (ticked rows stay ticked: table.js): new rows are marked and announced, nothing scrolls.
const rows = document.getElementById("rows");
const news = document.getElementById("queue-news");
if (rows) {
  const ids = () => [...rows.querySelectorAll("[data-row]")].map((row) => row.id);
  let known = new Set(ids());

  document.body.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target !== rows) return;
    const fresh = ids().filter((id) => !known.has(id));
    for (const id of fresh) document.getElementById(id).classList.add("is-new");
    for (const id of fresh) known.add(id);
    news.textContent = !fresh.length ? "" : fresh.length === 1 ? news.dataset.one : news.dataset.many.replace("{n}", fresh.length);
  });
}
