// Messages at the corner: success leaves after 8 s (not while pointed at or focused), problems stay until dismissed.
const region = document.getElementById("toasts");
const STAY = 8000;

const arm = (toast) => {
  if (toast.dataset.armed || toast.dataset.toast !== "success") return;
  toast.dataset.armed = "1";
  const leave = () => {
    if (toast.matches(":hover, :focus-within")) setTimeout(leave, 2000);
    else toast.remove();
  };
  setTimeout(leave, STAY);
};

if (region) {
  const template = document.getElementById("toast-template");
  region.querySelectorAll("[data-toast]").forEach(arm);
  new MutationObserver(() => region.querySelectorAll("[data-toast]").forEach(arm)).observe(region, { childList: true });
  region.addEventListener("click", (event) => {
    if (event.target.closest("[data-toast-close]")) event.target.closest("[data-toast]").remove();
  });

  const TONES = { success: "ok", danger: "bad", warning: "warn", info: "info" };
  const add = (tone, text) => {
    const toast = template.content.querySelector("[data-toast]").cloneNode(true);
    toast.dataset.toast = tone;
    toast.className = `ui-toast ui-tone-${TONES[tone]}`;
    const use = toast.querySelector("use");
    use.setAttribute("href", use.getAttribute("href").replace(/#.*/, tone === "success" ? "#check" : "#alert"));
    toast.querySelector(".ui-toast__text").textContent = text;
    region.append(toast);
  };

  document.body.addEventListener("ui-toast", (event) => add(event.detail.tone, event.detail.text));
  document.body.addEventListener("htmx:sendError", () => add("danger", region.dataset.network));
  document.body.addEventListener("htmx:responseError", (event) => {
    const status = event.detail.xhr.status;
    // A log-out in another tab: the page itself leads to the log-in form.
    if (status === 401) return window.location.reload();
    if (event.detail.elt.matches("[data-quiet]")) return;
    const told = { 413: region.dataset.large, 429: region.dataset.busy };
    add("danger", told[status] ?? (status < 500 ? region.dataset.denied : region.dataset.network));
  });
}

// The thin line at the top while htmx waits.
const line = document.getElementById("loading");
if (line) {
  let open = 0;
  document.body.addEventListener("htmx:beforeRequest", () => { open += 1; line.classList.add("is-on"); });
  document.body.addEventListener("htmx:afterRequest", () => {
    open = Math.max(0, open - 1);
    if (!open) line.classList.remove("is-on");
  });
}
