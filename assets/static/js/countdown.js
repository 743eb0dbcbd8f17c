// Remaining time, every second, from the server's clock: an officer's PC may be minutes off.
// The same limits and formats are in banks/templatetags/ui_values.py, which writes the first text.
const SOON = 15 * 60;
const NEAR = 30 * 60;
const DAY = 86400;
const meta = document.querySelector('meta[name="server-now"]');
const started = performance.now();
const server = meta ? Date.parse(meta.content) : Date.now();
const now = () => server + (performance.now() - started);

const two = (n) => String(n).padStart(2, "0");

const clock = (seconds, long) => {
  if (seconds >= 2 * DAY) {
    return long.replace("{days}", Math.floor(seconds / DAY)).replace("{hours}", Math.floor((seconds % DAY) / 3600));
  }
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60), seconds % 60];
  return h ? `${h}:${two(m)}:${two(s)}` : `${two(m)}:${two(s)}`;
};

const tick = () => {
  const at = now();
  for (const element of document.querySelectorAll(".ui-countdown[data-due]")) {
    const left = Math.trunc((Date.parse(element.dataset.due) - at) / 1000);
    const over = Date.parse(element.dataset.due) < at;
    const time = clock(Math.abs(left), element.dataset.long);
    const text = over ? element.dataset.over.replace("{time}", time) : time;
    const state = over ? "over" : left < SOON ? "soon" : left < NEAR ? "near" : "calm";
    const place = element.querySelector("[data-text]");
    if (place.textContent !== text) place.textContent = text;
    if (element.dataset.state !== state) element.dataset.state = state;
  }
};

tick();
setInterval(tick, 1000);
document.body.addEventListener("htmx:afterSettle", tick);
