// Chromium, and the dashboard's pages.
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

// `just` says where the packages of tools/package.json lie, where that is not the usual target folder.
const packages = process.env.NEPHOSCOPE_NODE_MODULES ?? join(import.meta.dirname, "../../target/tools/node/node_modules");
const require = createRequire(join(packages, "nephoscope.cjs"));
const { chromium } = require("playwright-core");

export const axe = require("axe-core").source;
export const base = process.env.NEPHOSCOPE_URL;
export const themes = ["light", "dark"];

export async function launch() {
  const places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
  const executablePath = process.env.NEPHOSCOPE_CHROMIUM ?? places.find((place) => existsSync(place));
  if (!executablePath) throw new Error("no Chromium: `./run tools` installs it, or NEPHOSCOPE_CHROMIUM names one");
  // Nothing that speaks to anybody but the dashboard; no sandbox, because continuous integration runs as root.
  const args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"];
  args.push("--disable-background-networking", "--disable-component-update", "--disable-sync");
  return chromium.launch({ executablePath, args });
}

/// A page that keeps in `faults` what a visitor must never meet: errors on the console (blocked by the policy for
/// content among them), errors in scripts, and requests to any other host.
export async function visit(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  const faults = [];
  page.on("console", (message) => message.type() === "error" && faults.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => faults.push(`script: ${error.message}`));
  page.on("request", (request) => {
    const { host, protocol } = new URL(request.url());
    if (protocol !== "data:" && protocol !== "blob:" && host !== new URL(base).host) faults.push(`request to ${host}`);
  });
  return { page, faults, close: () => context.close() };
}

/// Every kind of page, by name: its address, with real keys taken from the API.
export async function pages() {
  const findings = await api("findings?status=FAIL");
  const unknown = await api("findings?status=UNKNOWN");
  const resources = await api("resources");
  const scans = await api("scans");
  const checks = await api("checks");
  const frameworks = await api("frameworks");
  const key = (row) => `/findings/${encodeURIComponent(row.key)}`;
  const list = {
    overview: "/",
    "overview-target": `/?target=${encodeURIComponent(scans[0].target)}`,
    "overview-past": `/?as_of=${scans.at(-1).started.slice(0, 10)}`,
    findings: "/findings",
    "findings-by-check": "/findings?group=check",
    "findings-by-resource": "/findings?group=resource",
    "findings-no-match": "/findings?query=no-such-name",
    finding: key(findings[0]),
    inventory: "/inventory",
    "inventory-no-match": "/inventory?query=no-such-name",
    resource: `/inventory/resource?uid=${encodeURIComponent(findings[0].resource)}`,
    "resource-plain": `/inventory/resource?uid=${encodeURIComponent(resources[0].uid)}`,
    scans: "/scans",
    scan: `/scans/${encodeURIComponent(scans[0].id)}`,
    checks: "/checks",
    check: `/checks/${encodeURIComponent(checks[0].check.id)}`,
    compliance: "/compliance",
    framework: `/compliance/${encodeURIComponent(frameworks[0].id)}`,
    "not-found": "/findings/00000000000000000000000000000000",
  };
  if (unknown.length > 0) list["finding-unknown"] = key(unknown[0]);
  return Object.entries(list);
}

/// The rows of a list of the API.
async function api(path) {
  const reply = await fetch(`${base}/api/v1/${path}`);
  if (!reply.ok) throw new Error(`/api/v1/${path} answers ${reply.status}`);
  const body = await reply.json();
  const rows = Array.isArray(body) ? body : Object.values(body).find(Array.isArray);
  if (!rows) throw new Error(`/api/v1/${path} holds no list`);
  return rows;
}
