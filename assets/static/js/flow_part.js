// The part of a trace's page that changes (views, filter, picture or table) is fetched alone and swapped; its address is the
// page's own, so that it can be shared, reloaded and gone back to. Without this script the same links load the page.
const part = () => document.getElementById("flow-part");
const said = document.getElementById("flow-said");
const line = document.getElementById("loading");
const same = (one, other) => one.pathname === other.pathname && one.search === other.search;

let shown = new URL(location.href); // what the page shows, be it that the bar says more
let asked = null; // the request under way, and where it leads

const say = (came) => {
  const texts = [came && document.getElementById("flow-came"), document.getElementById("flow-shown")];
  said.textContent = texts.map((each) => each?.textContent).filter(Boolean).join(" ");
};

// Typed and not yet sent: it outlives an opening, which does not ask for it.
const FIELDS = ["flow-min", "flow-until"];
const typed = () => FIELDS.map((id) => [id, document.getElementById(id)]).filter(([, field]) => field && field.value !== field.defaultValue).map(([id, field]) => [id, field.value]);

// Focus goes to the account that the address names, else back to what had it, found by its id; of the views to the new one.
const focusAfter = (had, wanted) => {
  const tab = had.isTab ? part().querySelector(".ui-tabs [aria-current]") : null;
  const target = tab ?? document.getElementById(wanted) ?? document.getElementById(had.id) ?? document.getElementById("flow-show");
  if (target.matches("tr") && target.tabIndex < 0) target.tabIndex = -1;
  target.focus();
};

const swap = (html, to, { keeps, came }) => {
  const old = part();
  const active = document.activeElement;
  const wanted = to.hash.slice(1);
  const had = { id: active?.id ?? "", inside: old.contains(active), isTab: Boolean(active?.closest("#flow-part .ui-tabs")) };
  const fields = keeps ? typed() : [];
  const kept = { wanted };
  document.dispatchEvent(new CustomEvent("flow-leave", { detail: kept }));
  const holder = document.createElement("template");
  holder.innerHTML = html;
  const fresh = holder.content.getElementById("flow-part");
  const isNode = (id) => id && holder.content.getElementById(id)?.classList.contains("fl-node");
  kept.focus = [wanted, had.inside ? had.id : ""].find(isNode) ?? "";
  old.replaceWith(fresh);
  for (const [id, value] of fields) if (document.getElementById(id)) document.getElementById(id).value = value;
  document.dispatchEvent(new CustomEvent("flow-shown", { detail: kept }));
  if (!kept.focus && (had.inside || wanted)) focusAfter(had, wanted);
  say(came);
};

const rest = () => {
  asked = null;
  part().removeAttribute("aria-busy");
  line?.classList.remove("is-on");
};
const drop = () => {
  asked?.stop.abort();
  rest();
};

const go = async (to, { push = true, keeps = false, came = false } = {}) => {
  asked?.stop.abort();
  const mine = { to, stop: new AbortController() };
  asked = mine;
  part().setAttribute("aria-busy", "true");
  line?.classList.add("is-on");
  try {
    const answer = await fetch(to.pathname + to.search, { headers: { "HX-Request": "true" }, signal: mine.stop.signal });
    const html = await answer.text();
    // Logged out, taken away, broken: the page itself says so.
    if (asked !== mine) return;
    if (!answer.ok || answer.redirected || !html.includes('id="flow-part"')) return push ? location.assign(to) : location.reload();
    if (push) history.pushState({ flow: true }, "", to);
    shown = to;
    swap(html, to, { keeps, came });
  } catch (error) {
    if (error.name === "AbortError") return;
    if (!(error instanceof TypeError)) throw error; // fetch: no connection
    document.body.dispatchEvent(new CustomEvent("ui-toast", { detail: { tone: "danger", text: document.getElementById("toasts").dataset.network } }));
    if (!push) history.pushState({ flow: true }, "", shown);
  } finally {
    if (asked === mine) rest();
  }
};

// Whoever opens a second account before the first one has come gets both, and who filters or changes the view then loses none;
// undo takes back what has not come yet. null: as many are opened as can be, what is under way comes.
const both = (to, opens) => {
  if (!asked) return to;
  const before = new URLSearchParams(asked.to.search).get("open");
  const joined = new URL(opens ? asked.to : to);
  const all = [...new Set([...(before ? before.split(".") : []), ...(opens ? [opens] : [])])];
  if (opens && all.length > Number(part().dataset.mostOpened)) return null;
  if (all.length) joined.searchParams.set("open", all.join("."));
  else joined.searchParams.delete("open");
  joined.hash = to.hash;
  return joined;
};

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("#flow-part a[href]");
  if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const to = new URL(link.getAttribute("href"), location.href);
  if (to.origin !== location.origin || to.pathname !== shown.pathname) return;
  event.preventDefault();
  if (event.detail > 1 || same(to, shown)) return; // the second half of a double click meets what has just come
  if (asked && same(asked.to, to)) return; // pressed twice
  if (asked && link.id === "flow-undo") return drop();
  const isView = link.closest(".ui-tabs") !== null;
  const next = both(to, link.dataset.opens);
  if (next) go(next, { keeps: !isView, came: !isView && link.id !== "flow-undo" });
});

document.addEventListener("submit", (event) => {
  if (event.target.id !== "flow-filter" || event.defaultPrevented) return;
  event.preventDefault();
  const to = new URL(shown);
  to.search = new URLSearchParams([...new FormData(event.target)].filter(([, value]) => value !== "")).toString();
  to.hash = "";
  go(both(to));
});

window.addEventListener("popstate", () => {
  const to = new URL(location.href);
  if (same(to, shown)) drop();
  else if (to.pathname === shown.pathname) go(to, { push: false });
});
