/** What the hooks of a resource are told about the write that they are part of. */
import type { WriteContext } from "@kubets/api/resource";
import type { ApiCall } from "../api-call.ts";

export function writeContext({ server: { clock, options }, user, isLarge }: ApiCall): WriteContext {
  return {
    now: timestamp(clock.now()),
    user: { username: user.name, uid: user.uid, groups: user.groups, extra: user.extra },
    featureEnabled: options.featureEnabled,
    allowPrivileged: options.allowPrivileged,
    isLarge,
  };
}

let lastSecond = Number.NaN;
let lastText = "";

/** RFC 3339 with seconds, as metadata has it. Many writes fall into one second, so the last text is kept. */
export function timestamp(ms: number): string {
  const second = Math.floor(ms / 1000);
  if (second !== lastSecond) {
    lastSecond = second;
    lastText = `${new Date(second * 1000).toISOString().slice(0, 19)}Z`;
  }
  return lastText;
}
