/** /statusz and /flagz: what this server is and how it was started, for people, and in a form for programs to who asks for that. */
import { notAcceptable } from "@kubets/machinery";
import type { CoreExchange } from "../front/core-exchange.ts";
import { parseAccept } from "../media.ts";
import type { Server } from "../server-context.ts";
import { respondJson } from "./respond-json.ts";
import { versionInfo } from "./version.ts";

const COMPONENT = "kube-apiserver";
const GROUP = "config.k8s.io";
const VERSIONS = ["v1beta1", "v1alpha1"];
const WARNING =
  "Warning: This endpoint is not meant to be machine parseable, has no formatting compatibility guarantees and is for debugging purposes only.";
/** The paths that a status page names. */
const PATHS = ["/healthz", "/livez", "/metrics", "/readyz", "/statusz", "/version"];

export function serveStatusz({ clock, started: since }: Server, exchange: CoreExchange): void {
  const started = new Date(since);
  const up = Math.max(0, Math.floor((clock.now() - since) / 1000));
  const emulated = `${versionInfo.emulationMajor}.${versionInfo.emulationMinor}`;
  const page = {
    startTime: `${started.toISOString().slice(0, 19)}Z`,
    uptimeSeconds: up,
    goVersion: process.version,
    binaryVersion: `${versionInfo.major}.${versionInfo.minor}`,
    emulationVersion: emulated,
    paths: PATHS,
  };
  const two = (n: number) => String(n).padStart(2, "0");
  answer(exchange, "Statusz", page, [
    `Started: ${started.toUTCString().replace("GMT", "UTC")}`,
    `Up: ${Math.floor(up / 3600)} hr ${two(Math.floor(up / 60) % 60)} min ${two(up % 60)} sec`,
    `Go version: ${process.version}`,
    `Binary version: ${page.binaryVersion}`,
    `Emulation version: ${emulated}`,
    `Paths: ${PATHS.join(" ")}`,
  ]);
}

export function serveFlagz({ options }: Server, exchange: CoreExchange): void {
  const flags = Object.fromEntries(
    Object.entries(options.flags ?? {})
      .map(([name, value]): [string, string] => [name, Array.isArray(value) ? value.join(",") : String(value)])
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
  answer(
    exchange,
    "Flagz",
    { flags },
    Object.entries(flags).map(([name, value]) => `${name}=${value}`),
  );
}

function answer(exchange: CoreExchange, kind: "Statusz" | "Flagz", page: object, lines: readonly string[]): void {
  const version = wantedVersion(exchange.header("accept"), kind);
  if (version)
    return respondJson(
      exchange,
      { kind, apiVersion: `${GROUP}/${version}`, metadata: { name: COMPONENT }, ...page },
      `application/json;g=${GROUP};v=${version};as=${kind}`,
    );
  const text = `\n${COMPONENT} ${kind.toLowerCase()}\n${WARNING}\n\n${lines.join("\n")}\n`;
  exchange.respond(
    200,
    ["content-type", "text/plain; charset=utf-8", "cache-control", "no-cache, private"],
    Buffer.from(text),
  );
}

/** The version of the form for programs, or undefined for people's. */
function wantedVersion(accept: string | undefined, kind: string): string | undefined {
  if (!accept) return undefined;
  for (const { type, parameters } of parseAccept(accept)) {
    if (type === "*/*" || type === "text/*" || type === "text/plain") return undefined;
    const { g: group, v: version = "", as } = parameters;
    if (type === "application/json" && group === GROUP && as === kind && VERSIONS.includes(version)) return version;
  }
  const offered = VERSIONS.map((v) => `application/json;g=${GROUP};v=${v};as=${kind}`);
  throw notAcceptable(`only the following media types are accepted: text/plain, ${offered.join(", ")}`);
}
