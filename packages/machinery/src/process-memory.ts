/**
 * What a long-lived process holds on to after its start: garbage of the burst, and pages that the engine keeps for the next one. Nothing
 * gives them back while the process idles, so it is asked to, once.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Clock, Timer } from "./clock.ts";

/** Long enough for what follows a start: first informers, first leases. */
const AFTER_MS = 3000;

type Collect = (options: { type: "major"; execution: "sync"; flavor: "last-resort" }) => void;

/** Collects once, some seconds from now, and stops the process for as long as that takes: some hundredths of a second for a small heap. */
export function giveBackAfterStart(clock: Clock): Timer {
  return clock.after(AFTER_MS, () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as Collect;
    setFlagsFromString("--no-expose-gc");
    collect({ type: "major", execution: "sync", flavor: "last-resort" });
  });
}
