/**
 * One scrape over HTTP: which format the client wants, and the text of it.
 * Holds: the text is made in short stretches, between which the event loop goes on with other work.
 */
import { setImmediate } from "node:timers/promises";
import type { MetricsFormat, MetricsRegistry } from "./metrics.ts";

interface Scrape {
  readonly contentType: string;
  readonly body: Buffer;
}

const CONTENT_TYPE: Readonly<Record<MetricsFormat, string>> = {
  text: "text/plain; version=0.0.4; charset=utf-8; escaping=underscores",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores",
};
const LONGEST_STRETCH_MS = 4;

export async function scrape(registry: MetricsRegistry, accept?: string): Promise<Scrape> {
  const format: MetricsFormat = accept?.includes("application/openmetrics-text") ? "openmetrics" : "text";
  const pieces: Buffer[] = [];
  let began = performance.now();
  for (const piece of registry.expose(format)) {
    pieces.push(Buffer.from(piece));
    if (performance.now() - began < LONGEST_STRETCH_MS) continue;
    await setImmediate();
    began = performance.now();
  }
  return { contentType: CONTENT_TYPE[format], body: Buffer.concat(pieces) };
}
