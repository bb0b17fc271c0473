/**
 * /debug/pprof/...: what this process does and what it holds, in V8's own forms, which the developer tools of browsers and editors open: the original's are
 * those of Go. Holds: a profile covers the event loop's thread, is taken for as long as was asked, or until the client goes, and is written in turns.
 */
import type { Session } from "node:inspector/promises";
import { badRequest } from "@kubets/machinery";
import type { CoreExchange } from "../front/core-exchange.ts";
import { jsonInTurns } from "../large-json.ts";
import type { RequestInfo } from "../request-info.ts";
import type { Server } from "../server-context.ts";
import { respondPageNotFound } from "./page-not-found.ts";

export const PROFILES_PATH = "/debug/pprof/";

/** Where none are said, as in the original, and at most: what is gathered is held in memory. */
const SECONDS = 30;
const MOST_SECONDS = 300;
/** As often as Go looks: a hundred times a second, and once for each half of a megabyte that is taken. */
const LOOK_US = 10_000;
const LOOK_BYTES = 512 * 1024;

interface Profile {
  readonly about: string;
  readonly extension: string;
  begin(session: Session): Promise<void>;
  end(session: Session): Promise<object>;
}

const PROFILES: ReadonlyMap<string, Profile> = new Map<string, Profile>([
  [
    "heap",
    {
      about: "what is taken of memory meanwhile and still held at the end",
      extension: "heapprofile",
      begin: (session) => session.post("HeapProfiler.startSampling", { samplingInterval: LOOK_BYTES }),
      end: async (session) => (await session.post("HeapProfiler.stopSampling")).profile,
    },
  ],
  [
    "profile",
    {
      about: "where time goes",
      extension: "cpuprofile",
      async begin(session) {
        await session.post("Profiler.enable");
        await session.post("Profiler.setSamplingInterval", { interval: LOOK_US });
        await session.post("Profiler.start");
      },
      end: async (session) => (await session.post("Profiler.stop")).profile,
    },
  ],
]);

export function serveProfiles(
  { clock, options }: Server,
  exchange: CoreExchange,
  { path, query }: RequestInfo,
): void | Promise<void> {
  if (options.profiling === false) return respondPageNotFound(exchange);
  const name = path.slice(PROFILES_PATH.length);
  if (name === "") return respondText(exchange, index());
  if (name === "cmdline") return respondText(exchange, process.argv.join("\0"));
  const profile = PROFILES.get(name);
  if (!profile) return respondPageNotFound(exchange);
  const seconds = Number(query.get("seconds") ?? SECONDS);
  if (!(seconds > 0 && seconds <= MOST_SECONDS))
    throw badRequest(`seconds must be more than 0 and at most ${MOST_SECONDS}: ${query.get("seconds")}`);
  const passed = new Promise<void>((resolve) => {
    const timer = clock.after(seconds * 1000, resolve);
    exchange.onClose(() => {
      timer.cancel();
      resolve();
    });
  });
  return take(name, profile, exchange, passed);
}

async function take(name: string, profile: Profile, exchange: CoreExchange, passed: Promise<void>): Promise<void> {
  const { Session } = await import("node:inspector/promises");
  const session = new Session();
  session.connect();
  try {
    await profile.begin(session);
    await passed;
    const body = await jsonInTurns(await profile.end(session));
    const file = `attachment; filename="${name}.${profile.extension}"`;
    exchange.respond(200, ["content-type", "application/json", "content-disposition", file], body);
  } finally {
    session.disconnect();
  }
}

const index = () =>
  [...PROFILES, ["cmdline", { about: "how this program was started" }] as const]
    .map(([name, { about }]) => `${PROFILES_PATH}${name}: ${about}\n`)
    .join("");

const respondText = (exchange: CoreExchange, text: string): void =>
  exchange.respond(
    200,
    ["content-type", "text/plain; charset=utf-8", "x-content-type-options", "nosniff"],
    Buffer.from(text),
  );
