// Live hints: one EventSource per browser (the tab that holds the Web Lock leads), the other tabs hear it by BroadcastChannel.
// An event says only that something changed: it is fired on body as `sse-<name>`, and htmx fetches what the person may see.
const badge = document.getElementById("live");
if (badge) {
  const events = badge.dataset.events.split(" ").filter(Boolean);
  const channel = new BroadcastChannel(`live-${badge.dataset.scope}`);
  const FIRST_WAIT = 3000;
  const LONGEST_WAIT = 60_000;
  let leading = false;
  let on = null;
  let source = null;
  let timer = 0;
  let wait = FIRST_WAIT;

  const fire = (name, data) => document.body.dispatchEvent(new CustomEvent(`sse-${name}`, { detail: data }));
  const fireAll = () => events.forEach((name) => fire(name, null));

  const show = (state) => {
    if (on === state) return;
    on = state;
    badge.dataset.state = state ? "on" : "off";
    badge.textContent = state ? badge.dataset.on : badge.dataset.off;
  };
  const say = (state) => { show(state); channel.postMessage({ state }); };

  channel.onmessage = ({ data }) => {
    if (data.ask) { if (leading && on !== null) channel.postMessage({ state: on }); }
    else if (data.state !== undefined) show(data.state);
    else if (data.name === "resync") fireAll();
    else fire(data.name, data.data);
  };

  const share = (name, data) => {
    channel.postMessage({ name, data });
    if (name === "resync") fireAll();
    else fire(name, data);
  };

  const connect = () => {
    source = new EventSource(badge.dataset.live, { withCredentials: true });
    // "hello" opens every stream: what happened while nobody listened is fetched now.
    source.addEventListener("hello", () => { wait = FIRST_WAIT; say(true); share("resync", null); });
    source.addEventListener("resync", () => share("resync", null));
    for (const name of events) source.addEventListener(name, (event) => share(name, event.data));
    source.onerror = () => {
      say(false);
      // The browser retries a broken stream by itself, but gives up after a refusal (an expired ticket): then we do, slower.
      if (source.readyState !== EventSource.CLOSED) return;
      timer = setTimeout(connect, wait);
      wait = Math.min(wait * 2, LONGEST_WAIT);
    };
  };

  const lead = () => new Promise((release) => {
    leading = true;
    connect();
    window.addEventListener("pagehide", () => {
      leading = false;
      clearTimeout(timer);
      source.close();
      release();
    }, { once: true });
  });

  const join = () => {
    channel.postMessage({ ask: true });
    if (navigator.locks) navigator.locks.request(`live-${badge.dataset.scope}`, lead);
    else lead(); // plain http on another host than localhost: every tab has its own stream
  };

  join();
  window.addEventListener("pageshow", (event) => { if (event.persisted) join(); });
}
