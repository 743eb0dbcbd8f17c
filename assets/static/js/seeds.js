// A trace of one account: the direction that is chosen decides which of its payments are offered. Without this script both groups
// are shown, those of the direction at first are ticked, and the server refuses those of the other.
const form = document.getElementById("trace-form");
const groups = form ? [...form.querySelectorAll("[data-direction]")] : [];

const offer = (direction) => {
  for (const group of groups) {
    const fits = group.dataset.direction === direction;
    group.hidden = !fits;
    for (const box of group.querySelectorAll("[data-pick]")) box.disabled = !fits;
  }
};

// Told as a change, so that the box above the column follows.
const tick = () => {
  const boxes = form.querySelectorAll("[data-direction] [data-pick]");
  for (const box of boxes) box.checked = !box.disabled;
  boxes[0]?.dispatchEvent(new Event("change", { bubbles: true }));
};

if (groups.length) {
  offer(form.querySelector("[name=direction]:checked")?.value);
  form.addEventListener("change", (event) => {
    if (!event.target.matches("[name=direction]")) return;
    offer(event.target.value);
    tick();
  });
}
