// What holds of `report.html` in a browser. Arguments: folders of runs and of studies. `--live PROGRAM
// ARGUMENTS...` alone: what holds of the page of a run that goes on, which this starts and ends.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { resolve } from "node:path";
import { chromium } from "playwright-core";

const require = createRequire(import.meta.url);
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM,
  // Containers run as root, with a /dev/shm too small or none.
  args: ["--no-sandbox", "--disable-dev-shm-usage", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"],
});

// The rows of a CSV file without quoted line ends.
const table = (path) => {
  const [head, ...lines] = readFileSync(path, "utf8").trim().split("\n");
  const cells = (line) => [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map((m) => m[1] ?? m[2]);
  const names = cells(head);
  return lines.map((line) => Object.fromEntries(cells(line).map((cell, i) => [names[i], cell])));
};

const open = async (url, options, check) => {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  const wrong = [];
  page.on("console", (message) => { if (["error", "warning"].includes(message.type())) wrong.push(message.text()); });
  page.on("pageerror", (error) => wrong.push(String(error)));
  page.on("request", (request) => { if (request.url().split("#")[0] !== url.split("#")[0]) wrong.push("request " + request.url()); });
  if (options.javaScriptEnabled !== false) {
    await page.addInitScript(() => addEventListener("securitypolicyviolation", (e) => console.error("policy " + e.violatedDirective)));
  }
  await page.goto(url);
  await check(page, context);
  assert.deepEqual(wrong, [], url);
  await context.close();
};

const visible = (page) => page.evaluate(() => [...document.querySelectorAll("figure svg[role=img]")].filter((svg) => svg.getClientRects().length).length);
const pictures = (page) => page.evaluate(() => [...document.querySelectorAll("figure")].filter((f) => [...f.querySelectorAll("svg[role=img], canvas")].some((p) => p.getClientRects().length)).length);

if (process.argv[2] === "--live") {
  await live(process.argv.slice(3));
  await browser.close();
  process.exit(0);
}

for (const folder of process.argv.slice(2)) {
  const json = (name) => JSON.parse(readFileSync(resolve(folder, name), "utf8"));
  const it = { folder, url: "file://" + resolve(folder, "report.html"), summary: json("summary.json") };
  // The page of a study has pictures alone.
  it.study = !existsSync(resolve(folder, "timeseries.csv"));
  if (!it.study) Object.assign(it, { manifest: json("manifest.json"), rows: table(resolve(folder, "timeseries.csv")) });
  assert.ok(statSync(resolve(folder, "report.html")).size < 3e6, `${folder}: the page has 3 MB or more`);
  await open(it.url, {}, async (page) => {
    it.figures = await page.locator("figure").count();
    const policy = page.locator("meta[http-equiv=Content-Security-Policy]");
    assert.match(await policy.getAttribute("content"), /^default-src 'none';/);
    await texts(page, it);
    if (it.study) return;
    await values(page, it);
    await charts(page, it);
    if (existsSync(resolve(folder, "states.csv")) && (await page.locator("#moment").count())) await replay(page, it);
  });
  await withoutScript(it);
  await widths(it);
  for (const colorScheme of ["light", "dark"]) await print(it, colorScheme);
  await words(it);
  const painted = it.rows?.length >= 30000 ? `, first paint ${await firstPaint(it)}` : "";
  console.log(`${folder}: ${it.figures} figures, as without a script${painted}`);
}
await browser.close();

// Texts of others stand as texts: no element comes of them, and nothing of them runs.
async function texts(page, { folder, study, manifest }) {
  const found = await page.evaluate(() => ({
    pwned: typeof window.pwned, strange: document.querySelectorAll("img, iframe, object, embed, link, u, s").length,
    title: document.querySelector("p.title")?.textContent, inside: document.querySelector("p.title")?.children.length ?? 0,
    lines: (() => {
      const title = document.querySelector("p.title");
      return title ? title.getBoundingClientRect().height / parseFloat(getComputedStyle(title).lineHeight) : 0;
    })(),
    all: document.body.textContent,
  }));
  assert.equal(found.pwned, "undefined", "a script came in");
  assert.equal(found.strange + found.inside, 0, "an element came in");
  assert.ok(found.lines < 3.5, "a long title is cut");
  if (study) return;
  // Of the effective scenario, what its author wrote: controls of direction are replaced.
  const scenario = readFileSync(resolve(folder, "scenario.yaml"), "utf8");
  const written = /^title: (.*)$/m.exec(scenario)?.[1];
  const plain = written?.startsWith('"') ? JSON.parse(written) : written?.replace(/^'(.*)'$/, (_, text) => text.replace(/''/g, "'"));
  const shown = (text) => text.replace(/[\u202a-\u202e\u2066-\u2069]/g, "\ufffd");
  if (plain !== undefined) assert.equal(found.title, shown(plain));
  for (const { path } of manifest.inputs) assert.ok(found.all.includes(shown(path)), `${path} is not named`);
}

// Every figure of the page that names a place in the summary is what stands there.
async function values(page, { summary }) {
  const shown = await page.evaluate(() => [...document.querySelectorAll("data[data-path]")].map((d) => [d.dataset.path, d.value]));
  assert.ok(shown.length > 5, "figures name their places");
  for (const [path, value] of shown) {
    const parts = path.split("/").slice(1).map((part) => part.replace(/~1/g, "/").replace(/~0/g, "~"));
    assert.equal(Number(value), parts.reduce((at, part) => at[part], summary), path);
  }
}

// Charts: all taken over, in step under the mouse, with the extremes of the table.
async function charts(page, { figures, rows }) {
  for (const id of await page.evaluate(() => report.data.charts.map((chart) => chart.id))) {
    await page.evaluate((id) => document.getElementById(id).scrollIntoView(), id);
    await page.locator(`#${id}.u canvas`).waitFor();
  }
  assert.equal(await pictures(page), figures, "a figure shows nothing");
  // Drag zooms all, a double click shows all time again, cursors go together.
  const scales = () => page.evaluate(() => report.plots.map((p) => [p.u.scales.x.min, p.u.scales.x.max].join()));
  const whole = await page.evaluate(() => [report.data.from, report.data.to].join());
  const over = page.locator(".u-over").first();
  await over.scrollIntoViewIfNeeded();
  const box = await over.boundingBox();
  const at = (share) => [box.x + share * box.width, box.y + box.height / 2];
  await page.mouse.move(...at(0.3));
  await page.mouse.down();
  await page.mouse.move(...at(0.5), { steps: 4 });
  await page.mouse.up();
  const zoomed = new Set(await scales());
  assert.ok(zoomed.size === 1 && !zoomed.has(whole), "a drag zooms all charts alike");
  await page.mouse.move(...at(0.6), { steps: 2 });
  const cursors = new Set(await page.evaluate(() => report.plots.map((p) => p.u.cursor.idx)));
  assert.ok(cursors.size === 1 && !cursors.has(null), "cursors stand at one interval");
  await page.mouse.dblclick(...at(0.6));
  assert.deepEqual([...new Set(await scales())], [whole], "all time is shown again");
  await page.evaluate(() => report.goTo((report.data.from + report.data.to) / 2, true));
  assert.equal(new Set(await scales()).size, 1);
  await page.locator("#all").click();
  assert.deepEqual([...new Set(await scales())], [whole], "all time is shown again");
  // Extremes of each series are those of a column, in its unit or a thousand of it, and the picture
  // reaches them to half a pixel.
  const columns = Object.keys(rows[0]).filter((name) => name !== "start_utc").map((name) => {
    const cells = rows.filter((row) => row[name] !== "").map((row) => Number(row[name]));
    return cells.reduce(([low, high], cell) => [Math.min(low, cell), Math.max(high, cell)], [Infinity, -Infinity]);
  });
  const lines = await page.evaluate(() => report.data.charts.flatMap((chart) => {
    const svg = document.querySelector(`#${chart.id} .wide svg`);
    const level = [...svg.querySelectorAll("path.grid")].map((p) => /^M\S+ (\S+)L\S+ (\S+)$/.exec(p.getAttribute("d")))
      .filter((d) => d && d[1] === d[2]).map((d) => Number(d[1]));
    const [low, high] = chart.range, [top, bottom] = [Math.min(...level), Math.max(...level)];
    const drawn = [...svg.querySelectorAll("path.line")].map((p) => p.getAttribute("d")).filter((d) => !d.includes("L"));
    const known = chart.lines.map((line) => report.valuesOf(line).filter((v) => v != null));
    return chart.lines.filter((_, of) => known[of].length).map((line, of) => {
      const heights = [...drawn[of].matchAll(/M\S+ ([-\d.]+)|V([-\d.]+)/g)].map((m) => Number(m[1] ?? m[2]));
      const value = (y) => low + (bottom - y) / (bottom - top) * (high - low);
      const all = known.filter((values) => values.length)[of];
      return {
        name: chart.id + " " + line.label, ends: [Math.min(...all), Math.max(...all)], pixel: (high - low) / (bottom - top),
        drawn: [value(Math.max(...heights)), value(Math.min(...heights))],
      };
    });
  }));
  for (const { name, ends, pixel, drawn } of lines) {
    const isOf = ([low, high]) => [1, 1e3, 100, 1e-3, 1e6].some((unit) =>
      Math.abs(unit * low - ends[0]) <= 1e-6 * Math.abs(ends[0]) + 1e-9 && Math.abs(unit * high - ends[1]) <= 1e-6 * Math.abs(ends[1]) + 1e-9);
    assert.ok(columns.some(isOf), `${name}: ${ends} are the extremes of no column`);
    for (const end of [0, 1]) assert.ok(Math.abs(drawn[end] - ends[end]) <= pixel / 2, `${name}: the picture reaches ${drawn}, not ${ends}`);
  }
}

// What the diagram shows at all starts of incidents and at forty moments is what the log of states
// says, worked out here row by row.
async function replay(page, { folder }) {
  const rows = table(resolve(folder, "states.csv"));
  const { from, to, incidents, keys, names, step } = await page.evaluate(() => ({
    from: report.data.from, to: report.data.to, incidents: report.data.incidents,
    keys: report.data.keys, names: report.data.states.names, step: report.starts[1] - report.starts[0],
  }));
  let luck = 12345;
  const random = () => (luck = (luck * 1103515245 + 12345) % 2147483648) / 2147483648;
  const moments = incidents.map((t) => t + 60).concat(Array.from({ length: 40 }, () => from + random() * (to - from)));
  for (const t of moments.filter((t) => t <= to)) {
    const units = {};
    for (const row of rows) {
      if (Number(row.at_us) / 1e6 > t - from) break;
      for (let unit = Number(row.unit_lo); unit <= Number(row.unit_hi); unit++) (units[row.component] ??= {})[unit] = row.state;
    }
    const expected = keys.map((of) => {
      const states = of.flatMap((key) => Object.values(units[key] ?? {})).map((state) => names.indexOf(state));
      return names[Math.max(0, ...states)];
    });
    await page.evaluate((t) => report.goTo(t, false), t);
    const shown = await page.evaluate(() => [...document.querySelectorAll("#oneline .node")].map((n) => n.dataset.state));
    assert.deepEqual(shown, expected, `states at ${t}`);
  }
  // The keyboard moves by an interval.
  const now = () => page.evaluate(() => report.now);
  await page.evaluate(() => report.goTo(report.data.from, false));
  await page.locator("#moment").focus();
  await page.keyboard.press("ArrowRight");
  assert.ok(Math.abs((await now()) - from - step) < 1e-6, "an arrow moves by an interval");
  // Next and previous reach every incident, and the address keeps the moment.
  const starts = [...new Set(incidents)].filter((t) => t > from + 0.5).sort((a, b) => a - b);
  await page.evaluate(() => report.goTo(report.data.from, false));
  const reached = [];
  for (const [id, order] of [["#after", starts], ["#before", starts.slice(0, -1).reverse()]]) for (const start of order) {
    // Those within half a second of each other are one moment.
    if (reached.length && Math.abs(reached.at(-1) - start) <= 0.5) continue;
    await page.locator(id).click();
    reached.push(await now());
    assert.ok(Math.abs(reached.at(-1) - start) <= 0.5, `${id} leads to ${reached.at(-1)}, not ${start}`);
    assert.equal(await page.evaluate(() => location.hash), "#t=" + Math.floor(reached.at(-1)));
  }
  const moment = Math.floor(starts[0] ?? from);
  await page.evaluate((t) => { location.hash = ""; location.hash = "#t=" + t; }, moment);
  await page.waitForFunction((t) => report.now === Math.min(t + 1, report.data.to), moment);
  if (starts.length) assert.notEqual(await page.locator("#now").textContent(), "");
}

// Without a script nothing is missing, and nothing is there that would do nothing.
async function withoutScript({ url, figures }) {
  await open(url, { javaScriptEnabled: false }, async (page) => {
    // Nothing can be asked of the page then but what a locator sees.
    let shown = 0;
    for (const svg of await page.locator("figure svg[role=img]").all()) if (await svg.isVisible()) shown++;
    assert.equal(shown, figures, "without a script a figure is missing");
    assert.equal(await page.locator("canvas, figure.u").count(), 0);
    for (const control of await page.locator("button, select, input").all()) assert.ok(!(await control.isVisible()));
  });
}

// No width has the document scroll sideways; axe finds nothing serious, whatever is open.
async function widths({ url }) {
  for (const width of [390, 768, 1024, 1440]) for (const colorScheme of ["light", "dark"]) {
    await open(url, { viewport: { width, height: 900 }, colorScheme, bypassCSP: true }, async (page) => {
      const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(over <= 0, `${width} px: ${over} px too wide`);
      if (width !== 390 && width !== 1440) return;
      await page.evaluate(axe);
      for (const opened of [false, true]) {
        await page.evaluate((o) => document.querySelectorAll("details").forEach((d) => { d.open = o; }), opened);
        const found = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
        const bad = found.violations.filter((v) => ["serious", "critical"].includes(v.impact));
        const words = bad.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => n.target.join(" ")).join(" | ")}`);
        assert.deepEqual(words, [], `${width} px, ${colorScheme}, details ${opened ? "open" : "closed"}`);
      }
    });
  }
}

// Print: dark ink whatever the theme, every picture on a page with its caption, no page empty; what
// forbids use of the figures comes first.
async function print({ url, figures, manifest }, colorScheme) {
  await open(url, { colorScheme }, async (page) => {
    await page.emulateMedia({ media: "print" });
    const ink = await page.evaluate(() => getComputedStyle(document.body).color);
    assert.ok(ink.match(/\d+/g).slice(0, 3).every((part) => Number(part) < 80), `printed ink is ${ink}`);
    assert.equal(await visible(page), figures, "a figure is not printed");
    if (manifest && manifest.status !== "complete") {
      const first = page.locator("h1 + *");
      assert.match(await first.textContent(), /Do not use these figures/);
      assert.ok(await first.isVisible());
    }
    const captions = await page.evaluate(() => [...document.querySelectorAll("figure")].map((figure) => ({
      title: figure.querySelector("figcaption b").textContent,
      texts: [...figure.querySelectorAll("svg[role=img] text")].filter((t) => t.getClientRects().length).map((t) => t.textContent),
    })));
    for (const format of ["A4", "Letter"]) {
      const path = resolve(tmpdir(), `loadbank-${process.pid}.pdf`);
      await page.pdf({ format, path });
      const told = spawnSync("pdftotext", ["-raw", path, "-"], { encoding: "utf8", maxBuffer: 1 << 28 });
      rmSync(path);
      // Where there is no pdftotext, pages are printed and not read.
      if (told.error) continue;
      const bare = (text) => text.normalize("NFKC").replace(/\s/g, "");
      const pages = told.stdout.split("\f").slice(0, -1).map(bare);
      assert.ok(pages.every((text) => text.length > 0), `${format}: an empty page`);
      for (const { title, texts } of captions) {
        const holds = (text) => text.includes(bare(title)) && texts.every((t) => text.includes(bare(t)));
        assert.ok(pages.some(holds), `${format}: "${title}" is not on one page with its picture`);
      }
    }
  });
}

// States are told apart by words where colours are not those of the page.
async function words({ url, figures }) {
  await open(url, { forcedColors: "active", reducedMotion: "reduce" }, async (page) => {
    assert.equal(await page.locator("figure").count(), figures);
    if (!(await page.locator("#moment").count())) return;
    const told = await page.evaluate(() => report.data.incidents.map((t) => {
      report.goTo(t + 1, false);
      return [...document.querySelectorAll("#oneline .node.odd")].map((node) => {
        const word = node.querySelector(".badge text");
        return word.textContent !== "" && word.getClientRects().length > 0;
      });
    }));
    assert.ok(told.flat().every((word) => word), "a state has no word");
  });
}

// The median of fifteen loads. A machine at work makes it longer: what fails is the shortest.
async function firstPaint({ url }) {
  const times = [];
  for (let load = 0; load < 15; load++) await open(url, {}, async (page) => {
    const paint = () => page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime);
    let at = await paint();
    for (; at === undefined; at = await paint()) await page.waitForTimeout(10);
    times.push(at);
  });
  times.sort((a, b) => a - b);
  assert.ok(times[0] < 300, `the first paint takes ${times[0]} ms or more`);
  return `${Math.round(times[7])} ms (${Math.round(times[0])} to ${Math.round(times[14])})`;
}

// The page of a run that goes on: it grows without an error, and at the end the report takes its place.
async function live([program, ...args]) {
  const run = spawn(program, [...args, "--live", "127.0.0.1:0", "--progress", "off"], { stdio: ["ignore", "ignore", "pipe"] });
  const ended = once(run, "exit");
  let said = "";
  const address = new Promise((found) => run.stderr.on("data", (text) => {
    said += text;
    const named = /http:\/\/[\d.:]+\/\w+\//.exec(said);
    if (named) found(named[0]);
  }));
  const url = await Promise.race([address, ended.then(() => assert.fail(said))]);
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: "dark" });
  const page = await context.newPage();
  const wrong = [];
  page.on("console", (message) => { if (["error", "warning"].includes(message.type())) wrong.push(message.text()); });
  page.on("pageerror", (error) => wrong.push(String(error)));
  page.on("request", (request) => { if (!request.url().startsWith(url)) wrong.push("request " + request.url()); });
  await page.addInitScript(() => addEventListener("securitypolicyviolation", (e) => console.error("policy " + e.violatedDirective)));
  await page.goto(url);
  const stands = () => page.evaluate(() => document.readyState === "complete" ? {
    intervals: report.starts.length, states: report.data.states.at.length, to: report.data.to, now: report.now,
    energy: Number(document.querySelector('[data-path="/energy/import_mwh"]').value),
    drawn: report.plots.map((p) => p.u.data[0].length), most: Number(document.getElementById("moment").max),
    soFar: [...document.querySelectorAll(".facts dt")].every((name) => name.textContent.endsWith(", so far")),
  } : Promise.reject(Error("not loaded")));
  // A cause that is new has the page loaded anew: until it is done, nothing can be asked of it.
  const settled = async () => {
    for (;;) try { return await stands(); } catch { await page.waitForTimeout(100); }
  };
  const grown = async (before) => {
    for (let tries = 0; tries < 300; tries++) {
      const now = await settled();
      if (now.to > before.to) return now;
      await page.waitForTimeout(100);
    }
    assert.fail("the page does not grow");
  };
  // A chart is taken over when it comes near the screen.
  const drawn = async () => {
    for (let tries = 0; tries < 100; tries++) {
      const count = await page.evaluate(() => { document.getElementById("chart-0").scrollIntoView(); return report.plots.length; }).catch(() => 0);
      if (count) return;
      await page.waitForTimeout(100);
    }
    assert.fail("no chart is taken over");
  };
  await drawn();
  let last = await settled();
  for (let n = 0; n < 4; n++) {
    const now = await grown(last);
    assert.ok(now.intervals > last.intervals && now.states >= last.states && now.energy > last.energy, "figures grow");
    assert.ok(now.soFar, "figures are marked");
    assert.ok(now.drawn.every((points) => points === now.intervals + 1), "charts hold what the page holds");
    assert.equal(now.now, now.to, "the scrubber stays at the end");
    assert.ok(Math.abs(now.most - now.to) < 1);
    last = now;
  }
  // Moved, it stays where it is.
  await settled();
  const middle = await page.evaluate(() => { report.goTo((report.data.from + report.data.to) / 2, true); return report.now; });
  const later = await grown(await settled());
  assert.equal(later.now, middle, "a scrubber that was moved stays");
  // Ctrl-C: the report of what is done.
  run.kill("SIGINT");
  await page.getByRole("status").filter({ hasText: "The run has ended" }).waitFor();
  assert.match(await page.locator(".chips .bad").first().textContent(), /^Partial/);
  await drawn();
  assert.ok(!(await page.locator("#progress").count()), "the report stands for itself");
  const [code] = await ended;
  assert.equal(code, 130);
  assert.deepEqual(wrong, [], url);
  console.log(`live: ${last.intervals} intervals and growing, then the report`);
}
