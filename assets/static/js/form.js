// Forms: no double submission (the pressed button keeps its name and value), a warning before unsaved changes are lost,
// focus on the error summary, drop for file inputs, theme switch.
const unguarded = (form) => form.matches("[data-no-guard], [method='get' i], [method='dialog' i]") || !form.hasAttribute("method");

const free = (form) => {
  delete form.dataset.busy;
  for (const button of form.querySelectorAll(".is-pressed")) button.classList.remove("is-pressed");
};

// The button is not disabled: a disabled button's name and value would be missing from the request.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || unguarded(form)) return;
  if (form.dataset.busy) { event.preventDefault(); event.stopImmediatePropagation(); return; }
  delete form.dataset.dirty;
  if (form.hasAttribute("data-download")) return;
  form.dataset.busy = "1";
  event.submitter?.classList.add("is-pressed");
});

// Back from the browser's memory, or after an htmx answer: the form can be used again.
window.addEventListener("pageshow", () => document.querySelectorAll("form[data-busy]").forEach(free));
document.body?.addEventListener("htmx:afterRequest", (event) => {
  const form = event.detail.elt.closest?.("form");
  if (form) free(form);
  if (event.detail.elt.matches?.("[data-autosave]")) saved(event.detail);
});

document.addEventListener("input", (event) => {
  const form = event.target.form;
  if (form?.matches("[data-guard], dialog form")) form.dataset.dirty = "1";
});

const saved = ({ elt, successful }) => {
  const form = document.getElementById(elt.dataset.autosave);
  if (successful) delete form?.dataset.dirty;
  else elt.textContent = elt.dataset.failed;
};

window.addEventListener("beforeunload", (event) => {
  if (document.querySelector("form[data-guard][data-dirty]")) event.preventDefault();
});

// After a refused page: first the summary, then the fields it links to.
const summary = document.querySelector("[data-error-summary]");
summary?.focus();
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-error-summary] a[href^='#']");
  const field = link && document.getElementById(link.hash.slice(1));
  if (!field) return;
  event.preventDefault();
  const details = field.closest("details");
  if (details) details.open = true;
  (field.matches("input, select, textarea") ? field : field.querySelector("input, select, textarea") ?? field).focus();
});

for (const type of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(type, (event) => {
    if (event.target.matches?.('input[type="file"]')) event.target.classList.toggle("is-over", type === "dragover");
  });
}

// The theme changes at once; the POST leaves the cookie for the next page.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-theme-form]") || !event.submitter) return;
  event.preventDefault();
  free(form);
  const root = document.documentElement;
  const choice = event.submitter.value;
  const body = new FormData(form, event.submitter);
  root.dataset.themeChoice = choice;
  const dark = choice === "dark" || (choice === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
  root.dataset.bsTheme = dark ? "dark" : "light";
  for (const button of document.querySelectorAll("[data-theme-form] button")) button.setAttribute("aria-pressed", String(button.value === choice));
  fetch(form.action, { method: "POST", body, redirect: "manual" });
});
