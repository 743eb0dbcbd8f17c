// The answer form: only the fields that fit outcome and reason, further lines, the server's time. Without it all fields are there.
const meta = document.querySelector('meta[name="server-now"]');
const skew = meta ? Date.parse(meta.content) - Date.now() : 0;

// A hidden group is not sent: what does not fit the outcome must be empty.
const show = (group, wanted) => {
  group.hidden = !wanted;
  for (const field of group.querySelectorAll("input:not([type='hidden']), select, textarea")) field.disabled = !wanted;
};

const fit = (form) => {
  const outcome = form.querySelector('[name="outcome"]:checked')?.value ?? "";
  const reason = form.querySelector('[name="reason"]');
  if (reason) {
    for (const option of reason.options) {
      const fits = !option.value || !outcome || (option.dataset.outcomes ?? "").split(" ").includes(outcome);
      option.hidden = option.disabled = !fits;
    }
    if (reason.selectedOptions[0]?.disabled) reason.value = "";
  }
  for (const group of form.querySelectorAll("[data-when-outcome]")) {
    show(group, !outcome || group.dataset.whenOutcome.split(" ").includes(outcome));
  }
  for (const group of form.querySelectorAll("[data-when-reason]")) {
    show(group, Boolean(reason) && !reason.disabled && reason.value === group.dataset.whenReason);
  }
  for (const group of form.querySelectorAll("[data-when-empty]")) {
    const other = document.getElementById(group.dataset.whenEmpty);
    if (other && !other.disabled) show(group, other.value === "");
  }
};

// A person's clock may be minutes off and in another zone: the moment is the server's, the wall time the person's.
const wall = (zone) => {
  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
  }).formatToParts(new Date(Date.now() + skew));
  const get = (type) => parts.find((part) => part.type === type).value;
  return `${get("year")}-${get("month")}-${get("day")}T${get("hour")}:${get("minute")}:${get("second")}`;
};

const addLine = (list) => {
  const total = list.querySelector('[name$="-TOTAL_FORMS"]');
  const copy = list.querySelector("template").content.cloneNode(true);
  for (const element of copy.querySelectorAll("[name], [id], [for], [aria-describedby]")) {
    for (const name of ["name", "id", "for", "aria-describedby"]) {
      const value = element.getAttribute(name);
      if (value) element.setAttribute(name, value.replace("__prefix__", total.value));
    }
  }
  total.value = Number(total.value) + 1;
  list.querySelector("template").before(copy);
  [...list.querySelectorAll(".ui-lines__row")].at(-1).querySelector("input").focus();
};

const prepare = (root) => {
  for (const button of root.querySelectorAll("[data-now], [data-add-line]")) button.hidden = false;
  for (const form of root.querySelectorAll("[data-answer]")) fit(form);
};

document.addEventListener("change", (event) => {
  const form = event.target.closest("[data-answer]");
  if (form) fit(form);
});
document.addEventListener("input", (event) => {
  const form = event.target.closest("[data-answer]");
  if (form && event.target.type === "number") fit(form);
});
document.addEventListener("click", (event) => {
  const now = event.target.closest("[data-now]");
  if (now) {
    const field = document.getElementById(now.dataset.now);
    field.value = wall(now.dataset.zone);
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
  const add = event.target.closest("[data-add-line]");
  if (add) addLine(add.closest("[data-lines]"));
});

// Sent: the page leaves, there is nothing left to guard.
document.body.addEventListener("htmx:beforeOnLoad", (event) => {
  if (!event.detail.xhr.getResponseHeader("HX-Redirect")) return;
  for (const form of document.querySelectorAll("[data-answer]")) delete form.dataset.dirty;
});
document.body.addEventListener("htmx:afterSettle", (event) => {
  const part = document.getElementById("answer");
  if (event.detail.target.id !== "answer" || !part) return;
  prepare(part);
  part.querySelector("[data-error-summary], [data-alert]")?.focus();
});

prepare(document);
