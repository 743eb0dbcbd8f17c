// Forms with large files: what is too large is said before it is sent, how much has been sent is shown. The form works without it.
const MB = 1048576;
const boxOf = (element) => element.closest?.("[data-upload]")?.querySelector("[data-upload-box]");
const filled = (text, values) => text.replace(/\{(\w+)\}/g, (_, key) => values[key]);
const inMB = (bytes) => (Math.ceil((bytes / MB) * 10) / 10).toLocaleString(document.documentElement.lang || "en");

const fault = (box) => {
  const { each, together, one, all } = box.dataset;
  const files = [...box.closest("form").querySelectorAll("input[type=file]")].flatMap((input) => [...input.files]);
  const large = files.find((file) => file.size > each * MB);
  if (large) return filled(one, { name: large.name, size: inMB(large.size), limit: each });
  const sum = files.reduce((total, file) => total + file.size, 0);
  return sum > together * MB - MB ? filled(all, { size: inMB(sum), limit: together }) : "";
};

const say = (box, text) => {
  const refused = box.querySelector("[data-upload-refused]");
  refused.textContent = text;
  refused.hidden = !text;
};

const progress = (box, share) => {
  const part = box.querySelector("[data-upload-progress]");
  const [label, bar] = [part.querySelector("span"), part.querySelector("progress")];
  part.hidden = share === null;
  if (share === null) return;
  if (share < 100) bar.value = share;
  else bar.removeAttribute("value");
  label.textContent = share < 100 ? `${label.dataset.sending} ${share} / 100` : box.dataset.storing;
};

document.addEventListener("change", (event) => {
  const box = event.target.matches?.("input[type=file]") && boxOf(event.target);
  if (box) say(box, fault(box));
});

// Before htmx and before the browser itself: nothing of a form that would be refused is sent, and nothing is lost.
document.addEventListener("submit", (event) => {
  const box = boxOf(event.target);
  const text = box ? fault(box) : "";
  if (box) say(box, text);
  if (!text) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  event.target.querySelector("input[type=file]").focus();
}, true);

document.body.addEventListener("htmx:xhr:progress", (event) => {
  const box = boxOf(event.target);
  if (box && event.detail.lengthComputable) progress(box, Math.floor((event.detail.loaded / event.detail.total) * 100));
});

for (const name of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
  document.body.addEventListener(name, (event) => {
    const box = boxOf(event.target);
    if (!box) return;
    progress(box, null);
    say(box, box.dataset.broken);
  });
}
