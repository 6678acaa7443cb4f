// Serves the sample estate on a free port, in a store of its own, and runs Node on the rest of the arguments with
// NEPHOSCOPE_URL set:  node run.mjs BINARY NODE-ARGUMENT…
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve as absolute } from "node:path";
import { createInterface } from "node:readline";

const [binary, ...rest] = process.argv.slice(2);
const folder = await mkdtemp(join(tmpdir(), "nephoscope-browser-"));
const began = Date.now();
const server = spawn(absolute(binary), ["demo", "--listen", "127.0.0.1:0", "--store", `sqlite:${join(folder, "demo.db")}`], {
  cwd: folder,
  stdio: ["ignore", "pipe", "inherit"],
});
const ended = new Promise((resolve) => server.once("exit", (code, signal) => resolve(code ?? signal)));

let code = 1;
try {
  const url = await address();
  console.error(`browser: the sample estate is served after ${((Date.now() - began) / 1000).toFixed(1)} s`);
  const node = spawn(process.execPath, rest, { stdio: "inherit", env: { ...process.env, NEPHOSCOPE_URL: url } });
  code = await new Promise((resolve) => node.once("exit", (status) => resolve(status ?? 1)));
} catch (error) {
  console.error(`browser: ${error.message}`);
} finally {
  server.kill("SIGTERM");
  await ended;
  await rm(folder, { recursive: true, force: true });
}
process.exit(code);

// The server says where it is on its first line.
async function address() {
  const lines = createInterface({ input: server.stdout });
  const line = await Promise.race([
    new Promise((resolve) => lines.once("line", resolve)),
    ended.then((how) => Promise.reject(new Error(`the server ended by itself (${how}) before it said where it is`))),
    new Promise((_, reject) => setTimeout(reject, 180_000, new Error("the server says nothing for three minutes")).unref()),
  ]);
  const found = /http:\/\/[^\s/]+/.exec(line);
  if (!found) throw new Error(`the server's first line has no address: ${line}`);
  // Whatever it prints later is of no interest, and must not fill the pipe.
  server.stdout.resume();
  return found[0];
}
