/**
 * The dashboard's files: those that the build made, which lie beside the program; from source, its modules one by one with their types left out,
 * so that a page that is loaded again shows what was changed.
 */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, extname, join, normalize } from "node:path";

export interface DashboardFile {
  readonly type: string;
  readonly body: string | Uint8Array;
}

/** Undefined where there is no such file. */
export type DashboardFiles = (path: string) => Promise<DashboardFile | undefined>;

const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

export function dashboardFiles(): DashboardFiles {
  const built = join(import.meta.dirname, "dashboard");
  return existsSync(built) ? filesOf(built) : sources();
}

const filesOf =
  (folder: string): DashboardFiles =>
  async (path) => {
    const type = TYPES[extname(path)];
    if (!type) return undefined;
    // An absolute path loses its leading ".." when it is made normal.
    const body = await readFile(join(folder, normalize(`/${path}`))).catch(() => undefined);
    return body && { type, body };
  };

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

function sources(): DashboardFiles {
  const folder = dirname(new URL(import.meta.resolve("@kubets/dashboard")).pathname);
  const pages = filesOf(folder);
  return async (path) => {
    if (path === "terminal.css") return fileAt(import.meta.resolve("@xterm/xterm/css/xterm.css"), ".css");
    if (path === "app.js") return { type: TYPES[".js"] ?? "", body: 'import "./src/index.ts";\n' };
    if (path.startsWith(PREFIX)) {
      const name = path.slice(PREFIX.length).replace(/\.ts$/, "");
      const found = MODULES[name] ?? (OURS.test(name) ? name : undefined);
      return found ? moduleAt(import.meta.resolve(found)) : undefined;
    }
    return /^src\/[a-z0-9/-]+\.ts$/.test(path) ? moduleAt(`file://${join(folder, path.slice(4))}`) : pages(path);
  };
}

async function fileAt(url: string, extension: string): Promise<DashboardFile | undefined> {
  const body = await readFile(new URL(url), "utf8").catch(() => undefined);
  return body === undefined ? undefined : { type: TYPES[extension] ?? "", body };
}

async function moduleAt(url: string): Promise<DashboardFile | undefined> {
  const file = await fileAt(url, ".js");
  if (!file) return undefined;
  const { stripTypeScriptTypes } = await import("node:module");
  const code = url.endsWith(".ts") ? stripTypeScriptTypes(String(file.body)) : String(file.body);
  return { ...file, body: withAddresses(code) };
}

/** Modules that are imported by name, imported by their addresses. */
const withAddresses = (code: string): string =>
  code.replace(/(\b(?:from|import)\s*\(?\s*)(["'])([@a-z][\w@/-]*)\2/g, (all, before: string, _, name: string) =>
    name in MODULES || OURS.test(name) ? `${before}"/dashboard/${PREFIX}${name}${OURS.test(name) ? ".ts" : ""}"` : all,
  );
