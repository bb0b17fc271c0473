/** Whether a word of a status is good news, bad news, or that something is under way. */
export type Tone = "good" | "bad" | "busy";

const TELLING = new Set([
  "Status",
  "Ready",
  "Available",
  "Phase",
  "State",
  "Completions",
  "Type",
  "Reason",
  "Condition",
]);

const BAD =
  /^(.*Error.*|(Init:)?Err.*|.*Fail.*|.*BackOff|Evicted|OOMKilled|NotReady.*|Unknown|Lost|Invalid.*|Denied|False|Warning|Unhealthy|ContainerCannotRun|DeadlineExceeded|Init:.*(Error|BackOff).*)$/;
const BUSY =
  /^(Pending|ContainerCreating|PodInitializing|Terminating.*|Init:.*|Released|Progressing|SchedulingGated|Suspended|.*SchedulingDisabled)$/;
const GOOD =
  /^(Running|Ready|Active|Bound|Available|Complete|Completed|Succeeded|Established|True|Approved.*|Issued|Healthy)$/;
const PARTS = /^(\d+)\/(\d+)$/;

/** By the column's name and what stands in it. */
export function toneOf(column: string, text: string): Tone | undefined {
  if (!TELLING.has(column)) return undefined;
  const [, part, whole] = PARTS.exec(text) ?? [];
  if (part !== undefined) return part === whole ? "good" : "busy";
  if (BAD.test(text)) return "bad";
  if (BUSY.test(text)) return "busy";
  return GOOD.test(text) ? "good" : undefined;
}
