// What holds of `report.html` in a browser. Arguments: folders of runs and of studies. `--live PROGRAM
// ARGUMENTS...` alone: what holds of the page of a run that goes on, which this starts and ends.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
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
  const url = "file://" + resolve(folder, "report.html");
  // The page of a study has pictures alone.
  const study = !existsSync(resolve(folder, "timeseries.csv"));
  let withScript, figures;
  await open(url, {}, async (page) => {
    figures = await page.locator("figure").count();
    if (study) return;
    // Bring every chart near the screen.
    for (let y = 0; y < 20000; y += 600) { await page.evaluate((y) => scrollTo(0, y), y); await page.waitForTimeout(20); }
    await page.waitForTimeout(200);
    const charts = await page.evaluate(() => [report.data.charts.length, report.plots.length]);
    assert.equal(charts[0], charts[1], "every chart is taken over");
    withScript = await pictures(page);
    assert.equal(withScript, figures, "a figure shows nothing");
    // Zoom: all charts in step, and back.
    await page.evaluate(() => report.goTo((report.data.from + report.data.to) / 2, true));
    const scales = await page.evaluate(() => report.plots.map((p) => [p.u.scales.x.min, p.u.scales.x.max].join()));
    assert.equal(new Set(scales).size, Math.min(1, scales.length));
    await page.locator("#all").click();
    const whole = await page.evaluate(() => report.plots.every((p) => p.u.scales.x.min === report.data.from && p.u.scales.x.max === report.data.to));
    assert.ok(whole, "all time is shown again");
    if (existsSync(resolve(folder, "states.csv")) && (await page.locator("#moment").count())) await replay(page, folder);
    // Extremes of the interactive series are those of the table.
    const rows = table(resolve(folder, "timeseries.csv"));
    const imports = rows.map((row) => Number(row.import_mw));
    const drawn = await page.evaluate(() => {
      const line = report.data.charts[0].lines[0];
      return [line.from, line.to];
    });
    const unit = Math.max(...imports) >= 1 ? 1 : drawn[1] > 2 * Math.max(...imports) ? 1000 : 1;
    assert.ok(Math.abs(drawn[0] - unit * Math.min(...imports)) < 1e-9 * unit + 1e-9, "least import");
    assert.ok(Math.abs(drawn[1] - unit * Math.max(...imports)) < 1e-6 * unit, "greatest import");
  });
  await open(url, { javaScriptEnabled: false }, async (page) => {
    // Without a script nothing can be asked of the page but what a locator sees.
    let shown = 0;
    for (const svg of await page.locator("figure svg[role=img]").all()) if (await svg.isVisible()) shown++;
    assert.equal(shown, figures, "without a script a figure is missing");
    assert.equal(await page.locator("canvas").count(), 0);
    for (const control of await page.locator("button, select, input").all()) assert.ok(!(await control.isVisible()));
  });
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
  // Print: dark ink whatever the theme, and every picture that a screen without a script shows.
  await open(url, { colorScheme: "dark" }, async (page) => {
    await page.emulateMedia({ media: "print" });
    const ink = await page.evaluate(() => getComputedStyle(document.body).color);
    const light = ink.match(/\d+/g).slice(0, 3).map(Number);
    assert.ok(light.every((part) => part < 80), `printed ink is ${ink}`);
    assert.equal(await visible(page), figures, "a figure is not printed");
    await page.pdf({ format: "A4" });
  });
  // States are told apart by words as well.
  await open(url, { forcedColors: "active", reducedMotion: "reduce" }, async (page) => {
    assert.equal(await page.locator("figure").count(), figures);
  });
  console.log(`${folder}: ${figures} figures, as without a script`);
}
await browser.close();

// What the diagram shows at all starts of incidents and at forty moments is what the log of states
// says, worked out here row by row.
async function replay(page, folder) {
  const rows = table(resolve(folder, "states.csv"));
  const { from, to, incidents, keys, names } = await page.evaluate(() => ({
    from: report.data.from, to: report.data.to, incidents: report.data.incidents,
    keys: report.data.keys, names: report.data.states.names,
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
  // The keyboard moves by an interval; incidents are reached one after another.
  await page.evaluate(() => report.goTo(report.data.from, false));
  const before = Number(await page.locator("#moment").inputValue());
  await page.locator("#moment").focus();
  await page.keyboard.press("ArrowRight");
  const after = Number(await page.locator("#moment").inputValue());
  assert.ok(after > before && after - before <= 3600.5, "an arrow moves by an interval");
  const starts = [...new Set(incidents)];
  await page.evaluate(() => report.goTo(report.data.from, false));
  for (let n = 0; n < Math.min(5, starts.length); n++) {
    await page.locator("#after").click();
    assert.match(await page.evaluate(() => location.hash), /^#t=\d+$/);
  }
  await page.evaluate((t) => { location.hash = "#t=" + Math.floor(t); }, starts[0] ?? from);
  await page.waitForTimeout(50);
  if (starts.length) assert.notEqual(await page.locator("#now").textContent(), "");
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
