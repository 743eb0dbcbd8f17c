// The picture of a trace: zoom and drag, arrow keys from account to account, the money's way to one, time slider, PNG.
// flow_part.js swaps the picture for another one and says so: "flow-leave" asks what is to be kept, "flow-shown" gives it.
const slide = (signal) => {
  const slider = document.getElementById("flow-until");
  const said = document.getElementById("flow-until-text");
  const svg = document.getElementById("flow-svg");
  if (!slider) return;
  const tell = () => {
    const at = new Date(Number(slider.value) * 1000);
    const options = { timeZone: said.dataset.zone || undefined, dateStyle: "short", timeStyle: "medium" };
    said.textContent = new Intl.DateTimeFormat("sv-SE", options).format(at); // 2026-11-23 08:13:37, as times are written everywhere here
  };
  const untilNow = () => {
    tell();
    if (!svg) return;
    const seen = new Set();
    for (const ribbon of svg.querySelectorAll(".fl-ribbon")) {
      const later = Number(ribbon.dataset.at) > Number(slider.value);
      ribbon.classList.toggle("is-later", later);
      if (!later) seen.add(ribbon.dataset.src).add(ribbon.dataset.dst);
    }
    for (const node of svg.querySelectorAll(".fl-node")) node.classList.toggle("is-later", seen.size > 0 && !seen.has(node.id));
  };
  slider.addEventListener("input", untilNow, { signal });
  if (slider.value === slider.defaultValue) tell();
  else untilNow();
};

const show = (kept, signal) => {
  const stage = document.getElementById("flow-stage");
  const svg = document.getElementById("flow-svg");
  const canvas = document.getElementById("flow-canvas");
  if (!stage || !svg) return;
  // -- zoom and drag -----------------------------------------------------------------------------
  const [, , wide, high] = svg.getAttribute("viewBox").split(" ").map(Number);
  let scale = 1;
  const zoom = (next) => {
    const middle = [(canvas.scrollLeft + canvas.clientWidth / 2) / scale, (canvas.scrollTop + canvas.clientHeight / 2) / scale];
    scale = Math.min(3, Math.max(0.05, next));
    svg.setAttribute("width", wide * scale);
    svg.setAttribute("height", high * scale);
    canvas.scrollTo(middle[0] * scale - canvas.clientWidth / 2, middle[1] * scale - canvas.clientHeight / 2);
  };
  const whole = () => zoom(Math.min(1, (canvas.clientWidth - 4) / wide, (canvas.clientHeight - 4) / high));
  const acts = { in: () => zoom(scale * 1.25), out: () => zoom(scale / 1.25), fit: whole };
  stage.addEventListener("click", (event) => acts[event.target.closest("[data-zoom]")?.dataset.zoom]?.());
  canvas.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    zoom(scale * (event.deltaY < 0 ? 1.15 : 1 / 1.15));
  }, { passive: false });
  // A picture that is a little too wide is shown whole; a much larger one stays readable and is scrolled.
  // Sizes are set before anything is measured: each measuring between two writes would lay out the whole picture again.
  if (kept.scale) {
    scale = kept.scale;
    if (scale !== 1) for (const [name, value] of [["width", wide], ["height", high]]) svg.setAttribute(name, value * scale);
  } else if (wide > canvas.clientWidth && canvas.clientWidth / wide > 0.8) zoom((canvas.clientWidth - 4) / wide);
  let drag = null;
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button === 0 && !event.target.closest(".fl-node, .fl-more")) drag = { x: event.clientX + canvas.scrollLeft, y: event.clientY + canvas.scrollTop };
    canvas.classList.toggle("is-dragged", drag !== null);
  });
  addEventListener("pointermove", (event) => drag && canvas.scrollTo(drag.x - event.clientX, drag.y - event.clientY), { signal });
  addEventListener("pointerup", () => { drag = null; canvas.classList.remove("is-dragged"); }, { signal });

  // -- accounts ----------------------------------------------------------------------------------
  const nodes = [...svg.querySelectorAll(".fl-node")];
  const ribbons = [...svg.querySelectorAll(".fl-ribbon")];
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const [out, into] = [new Map(), new Map()]; // the payments of an account, found without looking through all of them
  for (const each of ribbons) {
    for (const [map, key] of [[out, each.dataset.src], [into, each.dataset.dst]]) {
      if (!map.has(key)) map.set(key, []);
      map.get(key).push(each);
    }
  }
  const next = (key) => (out.get(key) ?? []).map((each) => byId.get(each.dataset.dst));
  const back = (key) => (into.get(key) ?? []).map((each) => byId.get(each.dataset.src));
  const place = (node) => [Number(node.dataset.x), Number(node.dataset.y)];
  const nearest = (from, found) => {
    const [x, y] = place(from);
    const far = (node) => Math.abs(place(node)[0] - x) + 3 * Math.abs(place(node)[1] - y);
    return found.filter((node) => node && node !== from && !node.classList.contains("is-later")).sort((a, b) => far(a) - far(b))[0];
  };
  const beside = (from, sign) => {
    const [x, y] = place(from);
    const there = nodes.filter((node) => sign * (place(node)[1] - y) > 1 && Math.abs(place(node)[0] - x) < 140);
    return there.filter((node) => !node.classList.contains("is-later")).sort((a, b) => sign * (place(a)[1] - place(b)[1]))[0];
  };
  const sideways = (from, sign) => nodes.filter((node) => sign * (place(node)[0] - place(from)[0]) > 1);
  const moves = {
    ArrowRight: (node) => nearest(node, next(node.id)) ?? nearest(node, sideways(node, 1)),
    ArrowLeft: (node) => nearest(node, back(node.id)) ?? nearest(node, sideways(node, -1)),
    ArrowDown: (node) => beside(node, 1),
    ArrowUp: (node) => beside(node, -1),
    Home: () => nodes[0],
    End: () => nodes.at(-1),
  };
  // One stop for Tab in the picture: the account one stands on, then its handle.
  const handle = (node) => document.getElementById(`open-${node.dataset.node}`);
  const stand = (node) => {
    for (const each of svg.querySelectorAll('.fl-node[tabindex="0"], .fl-more[tabindex="0"]')) each.setAttribute("tabindex", "-1");
    node.setAttribute("tabindex", "0");
    handle(node)?.setAttribute("tabindex", "0");
  };
  const enter = (node) => {
    stand(node);
    node.focus({ preventScroll: true });
    node.scrollIntoView({ block: "nearest", inline: "nearest" });
  };
  for (const each of svg.querySelectorAll("a.fl-more")) each.setAttribute("tabindex", "-1");
  if (nodes.length) stand(nodes[0]);
  const clear = () => {
    svg.classList.remove("has-way");
    chosen = null;
    for (const each of svg.querySelectorAll(".is-way")) each.classList.remove("is-way");
  };
  let chosen = null;
  const choose = (node, live = "polite") => {
    clear();
    chosen = node.id;
    const open = [[node.id, Infinity]];
    while (open.length) {
      const [key, until] = open.pop();
      byId.get(key).classList.add("is-way");
      for (const ribbon of into.get(key) ?? []) {
        const at = Number(ribbon.dataset.at);
        const fits = at <= until && !ribbon.classList.contains("is-beyond");
        if (!fits || ribbon.classList.contains("is-way")) continue;
        ribbon.classList.add("is-way");
        open.push([ribbon.dataset.src, at]);
      }
    }
    svg.classList.add("has-way");
    if (!node.dataset.node) return;
    const address = stage.dataset.detail.replace("/nodes/0/", `/nodes/${node.dataset.node}/`);
    canvas.parentElement.classList.add("has-detail");
    document.getElementById("flow-detail").setAttribute("aria-live", live);
    window.htmx.ajax("GET", `${address}${location.search}`, { target: "#flow-detail", swap: "innerHTML" });
  };
  const open = (node) => handle(node)?.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
  svg.addEventListener("keydown", (event) => {
    const node = event.target.closest(".fl-node");
    if (!node || event.ctrlKey || event.metaKey || event.altKey) return;
    const target = moves[event.key]?.(node);
    if (target) enter(target);
    else if (event.key === "Enter" || event.key === " ") choose(node);
    else if (event.key === "e") open(node);
    else if (event.key === "Escape") clear();
    else if (!(event.key in moves)) return;
    event.preventDefault();
    event.stopPropagation();
  });
  svg.addEventListener("click", (event) => {
    if (event.target.closest(".fl-more")) return;
    const node = event.target.closest(".fl-node");
    if (!node) return clear();
    enter(node);
    choose(node);
  });

  // A tall picture opens where the trace begins; after a swap the account one stood on stays where it was on the screen.
  const anchor = byId.get(kept.id);
  if (anchor) canvas.scrollTo(place(anchor)[0] * scale - kept.x, place(anchor)[1] * scale - kept.y);
  else if (nodes.length) canvas.scrollTop = Math.max(0, place(nodes[0])[1] * scale - canvas.clientHeight / 2);
  if (kept.detail) document.getElementById("flow-detail").append(...kept.detail);
  if (byId.has(kept.chosen)) choose(byId.get(kept.chosen), "off");
  const target = byId.get(kept.focus);
  if (target) enter(target);

  document.addEventListener("flow-leave", ({ detail }) => {
    const node = byId.get(detail.wanted) ?? byId.get(document.activeElement?.id) ?? nodes[0];
    if (!node) return;
    const [x, y] = place(node);
    const told = chosen ? [...document.getElementById("flow-detail").childNodes] : null;
    Object.assign(detail, { scale, id: node.id, x: x * scale - canvas.scrollLeft, y: y * scale - canvas.scrollTop, chosen, detail: told });
  }, { signal });

  // -- PNG: the file that the server wrote, painted once -------------------------------------------
  stage.querySelector("[data-png]")?.closest("form").addEventListener("submit", async (event) => {
    if (!event.submitter?.hasAttribute("data-png")) return;
    event.preventDefault();
    event.stopPropagation();
    const form = event.target;
    const answer = await fetch(event.submitter.formAction, { method: "POST", body: new FormData(form) });
    if (!answer.ok) return form.submit();
    const name = (answer.headers.get("Content-Disposition")?.match(/filename="([^"]+)"/)?.[1] ?? "trace.svg").replace(/\.svg$/, ".png");
    const image = new Image();
    const text = await answer.text();
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
    await image.decode();
    const factor = Math.min(2, 16_000 / Math.max(image.width, image.height));
    const paper = Object.assign(document.createElement("canvas"), { width: image.width * factor, height: image.height * factor });
    paper.getContext("2d").drawImage(image, 0, 0, paper.width, paper.height);
    const link = Object.assign(document.createElement("a"), { href: paper.toDataURL("image/png"), download: name });
    document.body.append(link);
    link.click();
    link.remove();
  }, true);
};

let bound = null;
const bind = (kept) => {
  bound?.abort();
  bound = new AbortController();
  slide(bound.signal);
  show(kept, bound.signal);
};
document.addEventListener("flow-shown", (event) => bind(event.detail));
bind({ focus: location.hash.slice(1) });
