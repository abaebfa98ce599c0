"use strict";
(() => {
// The page of a run that goes on: what an event brings is put behind what is there.
const { data, starts, plots } = report;
const $ = (id) => document.getElementById(id);
const running = $("running"), progress = $("progress"), range = $("moment"), renew = $("renew"), theme = $("theme");
const since = report.moment(data.to);

// What is seen is seen again after the page was loaded anew; the scrubber stays at the end, and charts
// show all, unless they were moved.
const isAtEnd = () => !(report.now < starts[starts.length - 1]);
const isWhole = () => report.zoom[0] === data.from && report.zoom[1] === data.to;
const again = async () => {
  // The server ends with the run: what is shown is not given up for a page that may not come.
  try {
    const reply = await fetch("./", { cache: "no-store" });
    if (!reply.ok) return lose();
  } catch {
    return lose();
  }
  const seen = { theme: theme.value, now: isAtEnd() ? null : report.now, zoom: isWhole() ? null : report.zoom };
  sessionStorage.setItem("seen", JSON.stringify(seen));
  location.reload();
};
const lose = () => {
  renew.hidden = true;
  running.textContent = "No connection to the run since " + report.moment(data.to) + " of its time: it has ended, or waits.";
};
const seen = JSON.parse(sessionStorage.getItem("seen") || "{}");
sessionStorage.removeItem("seen");
if (seen.theme) { theme.value = seen.theme; theme.dispatchEvent(new Event("change")); }
if (data.states && !location.hash) report.goTo(seen.now ?? data.to, false);
if (seen.zoom) report.setZoom(...seen.zoom);
renew.addEventListener("click", again);

const tell = (share) => {
  progress.value = share;
  running.textContent = Math.floor(1000 * share) / 10 + " % simulated, up to " + report.moment(data.to) +
    ". Charts over time, the diagram and the figures above grow; other pictures, lists and tables stand at " + since + ".";
  renew.hidden = false;
};

const grow = (tail) => {
  const whole = isWhole(), atEnd = isAtEnd();
  starts.push(...tail.starts);
  data.to = tail.to;
  data.charts.forEach((chart, index) => {
    chart.range = tail.charts[index].range;
    chart.lines.forEach((line, of) => report.valuesOf(line).push(...tail.charts[index].values[of]));
  });
  data.bands.push(...tail.bands);
  data.incidents.push(...tail.incidents);
  data.incidents.sort((a, b) => a - b);
  if (data.states) for (const key of ["at", "node", "first", "last", "state"]) data.states[key].push(...tail.states[key]);
  for (const plot of plots) plot.u.setData(report.columns(plot.chart), false);
  report.setZoom(...(whole ? [data.from, data.to] : report.zoom));
  if (range) range.max = data.to;
  if (atEnd) report.goTo(data.to, false);
  for (const id of ["before", "after"]) if ($(id)) $(id).disabled = !data.incidents.length;
  if ($("head").innerHTML !== tail.head) $("head").innerHTML = tail.head;
  tell(tail.share);
};

// The report takes the place of this page, for its server ends with the run.
const end = ({ page, folder }) => {
  const y = scrollY;
  document.open();
  document.write(page);
  document.close();
  const note = document.createElement("p");
  note.className = "lead";
  note.setAttribute("role", "status");
  note.textContent = "The run has ended. This is the report.html of its folder, " + folder + "; it is served no longer.";
  document.querySelector("main").prepend(note);
  scrollTo(0, y);
};

const source = new EventSource("events?after=" + encodeURIComponent(data.place));
source.addEventListener("grown", (event) => grow(JSON.parse(event.data)));
source.addEventListener("renew", () => { source.close(); again(); });
source.addEventListener("ended", (event) => { source.close(); end(JSON.parse(event.data)); });
source.addEventListener("error", lose);
})();
