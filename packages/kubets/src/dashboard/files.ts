/**
 * The dashboard's files: those that the build made, which lie beside the program; from source, its modules one by one with their types left out,
 * so that a page that is loaded again shows what was changed.
 */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { serveFile } from "@kubets/kubectl/proxy/files";

/** Answers with the file, or that there is none. */
export type SendFile = (path: string, to: ServerResponse) => Promise<void>;

export function dashboardFiles(): SendFile {
  const built = join(import.meta.dirname, "dashboard");
  return existsSync(built) ? (path, to) => serveFile(built, path, to) : sources();
}

/** What pages load besides their own modules, under the names by which they import it. */
const MODULES: Readonly<Record<string, string>> = {
  preact: "preact",
  "preact/hooks": "preact/hooks",
  "js-yaml": "js-yaml",
  "@xterm/xterm": "@xterm/xterm/lib/xterm.mjs",
  "@xterm/addon-fit": "@xterm/addon-fit/lib/addon-fit.mjs",
};
const OURS = /^@kubets\/machinery\/[a-z0-9-]+$/;
const PREFIX = "modules/";

function sources(): SendFile {
  const folder = dirname(fileURLToPath(import.meta.resolve("@kubets/dashboard")));
  const terminal = dirname(fileURLToPath(import.meta.resolve("@xterm/xterm/css/xterm.css")));
  return async (path, to) => {
    if (path === "terminal.css") return serveFile(terminal, "xterm.css", to);
    const code = path === "app.js" ? 'import "./src/index.ts";\n' : await codeOf(path, folder);
    if (code === undefined) return serveFile(folder, path, to);
    to.writeHead(200, { "content-type": "text/javascript; charset=utf-8" }).end(code);
  };
}

/** Of a module, by its path below the dashboard's or by the name that it is imported by. */
async function codeOf(path: string, folder: string): Promise<string | undefined> {
  const url = path.startsWith(PREFIX) ? addressOf(path.slice(PREFIX.length).replace(/\.ts$/, "")) : undefined;
  const file = url ? fileURLToPath(url) : /^src\/[a-z0-9/-]+\.ts$/.test(path) ? join(folder, path.slice(4)) : "";
  const code = await readFile(file, "utf8").catch(() => undefined);
  if (code === undefined) return undefined;
  const { stripTypeScriptTypes } = await import("node:module");
  return withAddresses(file.endsWith(".ts") ? stripTypeScriptTypes(code) : code);
}

function addressOf(name: string): string | undefined {
  const found = MODULES[name] ?? (OURS.test(name) ? name : undefined);
  return found && import.meta.resolve(found);
}

/** Modules that are imported by name, imported by their addresses. */
const withAddresses = (code: string): string =>
  code.replace(/(\b(?:from|import)\s*\(?\s*)(["'])([@a-z][\w@/-]*)\2/g, (all, before: string, _, name: string) =>
    name in MODULES || OURS.test(name) ? `${before}"/dashboard/${PREFIX}${name}${OURS.test(name) ? ".ts" : ""}"` : all,
  );
