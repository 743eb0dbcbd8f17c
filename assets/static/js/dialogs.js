// <dialog>s: [data-dialog=id] opens, [data-close] and a click on the backdrop close; hx-confirm uses our own dialog.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  if (opener) {
    const dialog = document.getElementById(opener.dataset.dialog);
    if (dialog && !dialog.open) dialog.showModal();
    return;
  }
  const closer = event.target.closest("dialog [data-close]");
  if (closer) closer.closest("dialog").close();
});

// The press must begin on the backdrop too: selecting text and letting go outside must not throw away what was typed.
let pressed = null;
document.addEventListener("pointerdown", (event) => {
  pressed = event.target;
});
document.addEventListener("click", (event) => {
  const dialog = event.target;
  if (dialog instanceof HTMLDialogElement && pressed === dialog && !dialog.querySelector("form[data-dirty]")) dialog.close();
});

// A dialog that came back with errors opens by itself.
for (const dialog of document.querySelectorAll("dialog[data-open]")) dialog.showModal();

document.body.addEventListener("htmx:confirm", (event) => {
  const dialog = document.getElementById("confirm-dialog");
  if (!event.detail.question || !dialog) return;
  event.preventDefault();
  dialog.querySelector("[data-confirm-text]").textContent = event.detail.question;
  const yes = dialog.querySelector("[data-confirm-yes]");
  const controller = new AbortController();
  yes.addEventListener("click", () => { dialog.close(); event.detail.issueRequest(true); }, { signal: controller.signal });
  dialog.addEventListener("close", () => controller.abort(), { once: true });
  dialog.showModal();
  yes.focus();
});
