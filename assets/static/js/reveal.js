// Small services of values: reveal a masked text after its purpose was given (and mask it again), copy to the clipboard.
const HIDE_AFTER = 60_000;
const dialog = document.getElementById("reveal-dialog");
let source = null;

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-reveal]");
  if (button && dialog) {
    source = button;
    dialog.querySelector("[data-reveal-what]").textContent = button.dataset.what;
    dialog.querySelector("#reveal-error").replaceChildren();
    dialog.querySelector("form").reset();
    dialog.showModal();
    return;
  }
  const copy = event.target.closest("[data-copy]");
  if (!copy) return;
  await navigator.clipboard.writeText(copy.dataset.copy);
  const label = copy.getAttribute("aria-label");
  copy.setAttribute("aria-label", copy.dataset.done);
  document.body.dispatchEvent(new CustomEvent("ui-toast", { detail: { tone: "success", text: copy.dataset.done } }));
  setTimeout(() => copy.setAttribute("aria-label", label), 2000);
});

const show = (button, text) => {
  const value = button.parentElement.querySelector("[data-value]");
  const masked = value.textContent;
  value.textContent = text;
  value.classList.add("is-clear");
  button.hidden = true;
  setTimeout(() => {
    value.textContent = masked;
    value.classList.remove("is-clear");
    button.hidden = false;
  }, HIDE_AFTER);
};

dialog?.querySelector("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const headers = { ...JSON.parse(document.body.getAttribute("hx-headers")), "HX-Request": "true" };
  const fail = (text) => {
    const line = document.createElement("li");
    line.textContent = text || dialog.dataset.failed;
    dialog.querySelector("#reveal-error").replaceChildren(line);
  };
  try {
    const answer = await fetch(source.dataset.reveal, { method: "POST", body: new FormData(form), headers });
    const text = new DOMParser().parseFromString(await answer.text(), "text/html").body.textContent.trim();
    if (!answer.ok || answer.redirected) return fail(answer.status === 422 ? text : "");
    show(source, text);
    form.reset();
    dialog.close();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // fetch: no connection
    fail("");
  }
});
