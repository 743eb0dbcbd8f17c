// Shows how much of a large file has been sent; the form works without it.
document.body.addEventListener("htmx:xhr:progress", (event) => {
  const box = event.target.closest?.("[data-upload]")?.querySelector("[data-upload-progress]");
  if (!box || !event.detail.lengthComputable) return;
  box.hidden = false;
  box.querySelector("progress").value = Math.floor((event.detail.loaded / event.detail.total) * 100);
});
