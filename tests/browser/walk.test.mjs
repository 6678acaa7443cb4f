// The way of a security lead through the dashboard: from the overview to a finding to its resource, and a new scan.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { base, launch, visit } from "./browser.mjs";

let browser;
before(async () => (browser = await launch()));
after(async () => browser?.close());

async function walk(page) {
  await page.goto(`${base}/`);
  assert.match(await page.title(), /Overview/);
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: /^Findings/ }).click();
  await page.waitForURL(/\/findings$/);
  const row = page.locator("main a[href^='/findings/']").first();
  const name = (await row.innerText()).trim();
  await row.click();
  await page.waitForURL(/\/findings\/[0-9a-f]{32}$/);
  assert.ok((await page.getByRole("heading", { level: 1 }).innerText()).includes(name), "the finding names its resource");
  await page.getByRole("heading", { name: "What was found" }).waitFor();
  await page.locator("main a[href^='/inventory/resource?uid=']").first().click();
  await page.waitForURL(/\/inventory\/resource\?uid=/);
  assert.ok((await page.getByRole("heading", { level: 1 }).innerText()).includes(name), "the resource is the finding's");
}

test("from the overview to a finding to its resource", async () => {
  const { page, faults, close } = await visit(browser);
  await walk(page);
  assert.deepEqual(faults, []);
  await close();
});

test("the same without scripts", async () => {
  const { page, faults, close } = await visit(browser, { javaScriptEnabled: false });
  await walk(page);
  assert.deepEqual(faults, []);
  await close();
});

test("the same without wasm", async () => {
  const { page, close } = await visit(browser);
  await page.route("**/*.wasm", (route) => route.abort());
  await walk(page);
  await close();
});

test("a scan is started and its progress is seen", async () => {
  const { page, faults, close } = await visit(browser);
  // A scan of the sample may be over before a test can look: what the live region said is written down as it is said.
  await page.addInitScript(() => {
    globalThis.said = JSON.parse(sessionStorage.getItem("said") ?? "[]");
    const listen = () => {
      const note = document.querySelector("main [role=status]")?.textContent?.trim();
      if (!note || globalThis.said.at(-1) === note) return;
      globalThis.said.push(note);
      sessionStorage.setItem("said", JSON.stringify(globalThis.said));
    };
    new MutationObserver(listen).observe(document, { childList: true, subtree: true, characterData: true });
  });
  await page.goto(`${base}/scans`);
  await page.getByRole("button", { name: "Scan now: web-shop" }).click();
  await page.waitForURL(/\/scans\/[^/]+$/);
  await page.getByText("finished", { exact: true }).first().waitFor({ timeout: 120_000 });
  const said = await page.evaluate(() => globalThis.said);
  // How far it says to have come depends on how fast the machine is; that it says so while the scan runs does not.
  assert.ok(said.some((note) => /^Planning|\d+ of \d+ shards/.test(note)), `progress was said: ${JSON.stringify(said)}`);
  assert.match(said.at(-1), /finished/);
  assert.deepEqual(faults, []);
  await close();
});

for (const javaScriptEnabled of [true, false]) {
  test(`a list is filtered and found again by its address, ${javaScriptEnabled ? "with" : "without"} scripts`, async () => {
    const { page, faults, close } = await visit(browser, { javaScriptEnabled });
    await page.goto(`${base}/findings`);
    const rows = page.locator("main tbody a[href^='/findings/']");
    const all = await rows.count();
    await page.locator("summary", { hasText: "Filters" }).filter({ visible: true }).click({ timeout: 1000 }).catch(() => {});
    await page.locator("#severity-critical").click();
    // With scripts a filter applies itself.
    if (!javaScriptEnabled) await page.getByRole("button", { name: "Apply filters" }).click();
    await page.waitForURL(/severity=critical/);
    const critical = await rows.allInnerTexts();
    assert.ok(critical.length > 0 && critical.length < all, `${critical.length} of ${all} are critical`);
    const address = page.url();
    await page.goto(`${base}/`);
    await page.goto(address);
    assert.deepEqual(await rows.allInnerTexts(), critical);
    assert.deepEqual(faults, []);
    await close();
  });
}

for (const javaScriptEnabled of [true, false]) {
  test(`the overview is compared with a day that is chosen, ${javaScriptEnabled ? "with" : "without"} scripts`, async () => {
    const { page, faults, close } = await visit(browser, { javaScriptEnabled });
    await page.goto(`${base}/`);
    const compared = page.locator("details.compared");
    assert.match(await compared.innerText(), /the scan before/);
    await compared.locator("summary").click();
    await page.locator("#from-date").fill("2026-11-10");
    await page.getByRole("button", { name: "Compare with that day" }).click();
    await page.waitForURL(/\/\?from=2026-11-10$/);
    await page.getByRole("heading", { name: /^What changed since/ }).waitFor();
    assert.match(await page.locator("details.compared").innerText(), /10 Nov 2026/);
    assert.deepEqual(faults, []);
    await close();
  });
}

test("a command is copied where scripts run, and selected by hand elsewhere", async () => {
  const address = `${base}/checks/aws-lambda-url-auth-none`;
  const { page, faults, close } = await visit(browser, { permissions: ["clipboard-read", "clipboard-write"] });
  await page.goto(address);
  await page.getByRole("button", { name: "Copy Command line" }).click();
  await page.getByRole("status").filter({ hasText: "Copied" }).waitFor();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  assert.equal(copied, await page.locator("figure.code", { hasText: "Command line" }).locator("code").innerText());
  assert.deepEqual(faults, []);
  await close();

  const plain = await visit(browser, { javaScriptEnabled: false });
  await plain.page.goto(address);
  assert.ok((await plain.page.locator(".copy-button").count()) > 0);
  assert.equal(await plain.page.locator(".copy-button").filter({ visible: true }).count(), 0);
  await plain.close();
});

test("the keyboard reaches the content first", async () => {
  const { page, faults, close } = await visit(browser);
  await page.goto(`${base}/findings`);
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), "Skip to content");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement?.id), "main");
  assert.deepEqual(faults, []);
  await close();
});
