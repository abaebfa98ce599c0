"use strict";
(() => {
const root = document.documentElement;
root.classList.add("js");
const data = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);

// Time: seconds since 1970, shown by the clock of the site.
const starts = [];
for (const [first, step, count] of data.starts) for (let i = 0; i < count; i++) starts.push(first + step * i);
const offset = (t) => { let o = 0; for (const [at, s] of data.zone) if (t >= at || o === 0) o = s; return o; };
const local = (t) => new Date((t + offset(t)) * 1000);
const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const two = (n) => String(n).padStart(2, "0");
const clock = (t) => { const d = local(t); return two(d.getUTCHours()) + ":" + two(d.getUTCMinutes()); };
const date = (t) => { const d = local(t); return d.getUTCDate() + " " + MONTHS[d.getUTCMonth()]; };
const moment = (t) => DAYS[local(t).getUTCDay()] + " " + date(t) + " " + clock(t);

const number = (v, digits) => {
  if (v == null || !isFinite(v)) return "\u2013";
  if (v === 0) return "0";
  const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(Math.abs(v))));
  const [whole, rest] = Math.abs(v).toFixed(Math.min(decimals, 9)).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, "\u202f");
  return (v < 0 ? "\u2212" : "") + grouped + (rest ? "." + rest : "");
};

const decode = (line) => {
  const text = atob(line.values), out = new Array(text.length / 2), width = line.to - line.from;
  for (let i = 0; i < out.length; i++) {
    const part = text.charCodeAt(2 * i) + 256 * text.charCodeAt(2 * i + 1);
    out[i] = part === 65535 ? null : line.from + part / 65000 * width;
  }
  return out;
};

const valuesOf = (line) => line.read ??= decode(line);
// What uPlot draws of a chart: the last value holds to the end of what is simulated.
const columns = (chart) => [starts.concat([data.to])].concat(chart.lines.map((line) => {
  const values = valuesOf(line);
  return values.concat(values.slice(-1));
}));

const colour = (name) => getComputedStyle(root).getPropertyValue("--" + name).trim();
const DASHES = [[], [6, 3], [2, 2], [8, 3, 2, 3]];
const plots = [];
const font = "12px system-ui, sans-serif";

// Ticks at whole hours, days or months of the site's clock.
const splits = (u, axis, min, max) => {
  const hours = (max - min) / 3600, most = Math.max(2, Math.floor(u.bbox.width / devicePixelRatio / 70));
  const steps = [0.25, 1, 3, 6, 12, 24, 48, 96, 168, 336, 672, 1344, 2688];
  const step = (steps.find((s) => hours / s <= most) || 5376) * 3600;
  const o = offset(min), out = [];
  for (let t = Math.ceil((min + o) / step) * step - o; t <= max; t += step) {
    const fixed = t + o - offset(t);
    if (fixed >= min && fixed <= max) out.push(fixed);
  }
  return out;
};
const labels = (u, ticks) => ticks.map((t, i) => {
  const midnight = clock(t) === "00:00", days = ticks.length > 1 && ticks[1] - ticks[0] >= 86000;
  return days ? date(t) : midnight || i === 0 ? clock(t) + "\n" + date(t) : clock(t);
});

const marks = (chart) => (u) => {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const [from, to, hard] of data.bands) {
    const a = u.valToPos(from, "x", true), b = u.valToPos(to, "x", true);
    if (b < bbox.left || a > bbox.left + bbox.width) continue;
    ctx.globalAlpha = hard ? 0.3 : 0.2;
    ctx.fillStyle = colour(hard ? "abnormal" : "other");
    ctx.fillRect(a, bbox.top, Math.max(b - a, devicePixelRatio), bbox.height);
  }
  ctx.globalAlpha = 1;
  if (chart.limit) {
    const y = u.valToPos(chart.limit[0], "y", true);
    ctx.strokeStyle = ctx.fillStyle = colour("ink");
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([5 * devicePixelRatio, 3 * devicePixelRatio]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.font = (12 * devicePixelRatio) + "px system-ui, sans-serif";
    ctx.textAlign = "right";
    ctx.fillText(chart.limit[1], bbox.left + bbox.width - 4, y - 5 * devicePixelRatio);
  }
  if (now != null) {
    const x = u.valToPos(now, "x", true);
    ctx.setLineDash([]);
    ctx.strokeStyle = colour("link");
    ctx.lineWidth = 1.5 * devicePixelRatio;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
};

let now = null;
let zoom = [data.from, data.to];
let setting = false;
const setZoom = (from, to) => {
  zoom = [Math.max(from, data.from), Math.min(to, data.to)];
  setting = true;
  for (const p of plots) p.u.setScale("x", { min: zoom[0], max: zoom[1] });
  setting = false;
};

const make = (chart) => {
  const figure = $(chart.id);
  if (!figure || figure.classList.contains("u")) return;
  const pic = figure.querySelector(".pic");
  const grid = { stroke: () => colour("grid"), width: 1 };
  const axis = { stroke: () => colour("muted"), font, grid, ticks: { show: false } };
  const options = {
    width: pic.clientWidth, height: 230, padding: [12, 12, 0, 0],
    cursor: { sync: { key: "time" }, drag: { x: true, y: false }, points: { size: 6 } },
    scales: {
      x: { time: false, range: (u, min, max) => [min == null ? zoom[0] : min, max == null ? zoom[1] : max] },
      y: { range: () => chart.range },
    },
    axes: [
      { ...axis, splits, values: labels, size: 40 },
      { ...axis, size: 54, values: (u, ticks) => ticks.map((v) => number(v, 4)) },
    ],
    series: [{ label: "at", value: (u, v) => (v == null ? "" : moment(v)) }].concat(chart.lines.map((line) => ({
      label: line.label, stroke: () => colour(line.colour), width: 1.5, dash: DASHES[line.dash],
      paths: uPlot.paths.stepped({ align: 1 }), points: { show: false }, spanGaps: false,
      value: (u, v) => (v == null ? "" : number(v, 4) + "\u00a0" + chart.unit),
    }))),
    hooks: {
      drawClear: [], draw: [marks(chart)],
      setScale: [(u, key) => {
        if (key !== "x" || setting) return;
        const { min, max } = u.scales.x;
        if (min !== zoom[0] || max !== zoom[1]) setZoom(min, max);
      }],
    },
  };
  figure.classList.add("u");
  const u = new uPlot(options, columns(chart), pic);
  u.setScale("x", { min: zoom[0], max: zoom[1] });
  u.over.addEventListener("dblclick", () => setZoom(data.from, data.to));
  plots.push({ u, pic, chart });
};

// A chart is made when it comes near the screen, after what is there has been painted.
const near = new IntersectionObserver((entries) => {
  for (const entry of entries) if (entry.isIntersecting) {
    near.unobserve(entry.target);
    const chart = data.charts.find((c) => c.id === entry.target.id);
    requestAnimationFrame(() => requestAnimationFrame(() => make(chart)));
  }
}, { rootMargin: "300px" });
for (const chart of data.charts) if ($(chart.id)) near.observe($(chart.id));

let resized = null;
addEventListener("resize", () => {
  clearTimeout(resized);
  resized = setTimeout(() => { for (const p of plots) p.u.setSize({ width: p.pic.clientWidth, height: 230 }); }, 100);
});
$("all").addEventListener("click", () => setZoom(data.from, data.to));
const redraw = () => { for (const p of plots) p.u.redraw(false, true); };
const theme = $("theme");
theme.addEventListener("change", () => {
  if (theme.value) root.dataset.theme = theme.value; else delete root.dataset.theme;
  redraw();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);

// The site at a moment: states of units by node of the diagram.
const step = starts.length > 1 ? Math.max(1, starts[1] - starts[0]) : 60;
const states = data.states && $("moment") ? data.states : null;
const view = document.querySelector(".oneline");
if (view) view.scrollLeft = (view.scrollWidth - view.clientWidth) / 2;
const mode = document.getElementById("mode");
if (mode) mode.addEventListener("change", () => { view.dataset.mode = mode.value; });
const boxes = [...document.querySelectorAll("#oneline .node")];
const plain = boxes.map((box) => box.getAttribute("class"));
const edges = [...document.querySelectorAll("#oneline .edge")];
const SNAP = 1000;
const snaps = [];
const fresh = () => data.nodes.map(([, units]) => new Uint8Array(units));
const apply = (into, row) => into[states.node[row]].fill(states.state[row], states.first[row], states.last[row] + 1);
const statesAt = (t) => {
  const since = t - data.from;
  let low = 0, high = states.at.length;
  while (low < high) { const mid = (low + high) >> 1; if (states.at[mid] <= since) low = mid + 1; else high = mid; }
  const snap = Math.floor(low / SNAP);
  while (snaps.length <= snap) {
    const from = (snaps.length - 1) * SNAP;
    const next = snaps.length ? snaps[snaps.length - 1].map((a) => a.slice()) : fresh();
    if (snaps.length) for (let row = from; row < from + SNAP; row++) apply(next, row);
    snaps.push(next);
  }
  const now = snaps[snap].map((a) => a.slice());
  for (let row = snap * SNAP; row < low; row++) apply(now, row);
  return now;
};
const WORDS = { "no-power": "no power", "out-for-maintenance": "out for maintenance" };
const QUIET = new Set(["ok", "standby"]);
const worst = (units) => { let most = 0; for (const s of units) if (s > most) most = s; return most; };
const show = () => {
  if (!states) return;
  const at = statesAt(now), said = new Map(), dead = [];
  at.forEach((units, node) => {
    const state = worst(units), name = states.names[state], box = boxes[node];
    let count = 0;
    for (const s of units) if (s === state) count++;
    const odd = !QUIET.has(name);
    box.setAttribute("class", plain[node] + (odd ? " odd " + name + (name === "failed" ? " cause" : "") : ""));
    box.dataset.state = name;
    const word = WORDS[name] || name;
    box.querySelector(".badge text").textContent = odd ? (units.length > 1 ? count + "/" + units.length + " " : "") + word : "";
    if (odd) said.set(word, (said.get(word) || []).concat(data.nodes[node][0]));
    dead[node] = (name === "failed" || name === "no-power") && count === units.length;
  });
  for (const edge of edges) edge.classList.toggle("dead", !!dead[edge.dataset.from]);
  const parts = [...said].reverse().map(([word, names]) => (names.length > 3 ? names.length + " groups" : names.join(", ")) + " " + word);
  $("now").textContent = moment(now) + ": " + (parts.length ? parts.join("; ") : "everything normal");
};

// A link to a moment: charts show three hours before and six after.
const goTo = (t, zoomed) => {
  now = Math.min(Math.max(t, data.from), data.to);
  if (zoomed) setZoom(now - 3 * 3600, now + 6 * 3600);
  const range = $("moment");
  if (range) { range.value = String(now); range.setAttribute("aria-valuetext", moment(now)); }
  show();
  redraw();
};
if (states) {
  const range = $("moment"), play = $("play");
  Object.assign(range, { min: data.from, max: data.to, step });
  range.addEventListener("input", () => goTo(Number(range.value), false));
  const incident = (after) => {
    const all = data.incidents;
    const next = after ? all.find((t) => t > now + 0.5) : all.findLast((t) => t < now - 0.5);
    if (next != null) { goTo(next, true); history.replaceState(null, "", "#t=" + Math.floor(next)); }
  };
  $("before").addEventListener("click", () => incident(false));
  $("after").addEventListener("click", () => incident(true));
  for (const id of ["before", "after"]) $(id).disabled = !data.incidents.length;
  let playing = null, last = 0;
  const frame = (time) => {
    if (playing == null) return;
    const passed = (time - last) / 1000;
    // At least a step of the replay at a time where motion is not wanted.
    if (!matchMedia("(prefers-reduced-motion: reduce)").matches || passed >= 1) {
      last = time;
      goTo(now + Math.min(passed, 1) * Number($("speed").value), false);
    }
    if (now >= data.to) return stop();
    playing = requestAnimationFrame(frame);
  };
  const stop = () => { cancelAnimationFrame(playing); playing = null; play.textContent = "Play"; };
  play.addEventListener("click", () => {
    if (playing != null) return stop();
    if (now >= data.to) goTo(data.from, false);
    play.textContent = "Pause";
    last = performance.now();
    playing = requestAnimationFrame(frame);
  });
  goTo(data.from, false);
}
const byHash = () => {
  const found = /^#t=(\d+)$/.exec(location.hash);
  // The second in which an incident began: what it did is seen at its end.
  if (found) goTo(Number(found[1]) + 1, true);
};
addEventListener("hashchange", byHash);
byHash();
// For tests, and for a page that grows: what is shown.
window.report = {
  plots, data, starts, goTo, statesAt, setZoom, valuesOf, columns, moment,
  get now() { return now; }, get zoom() { return zoom; },
};
})();
