/** What the hooks of a resource are told about the write that they are part of. */
import type { WriteContext } from "@kubets/api/resource";
import type { ApiCall } from "../api-call.ts";

export function writeContext({ server: { clock, options }, user }: ApiCall): WriteContext {
  return {
    now: timestamp(clock.now()),
    user: { username: user.name, uid: user.uid, groups: user.groups, extra: user.extra },
    featureEnabled: options.featureEnabled,
    allowPrivileged: options.allowPrivileged,
  };
}

/** RFC 3339 with seconds, as metadata has it. */
export const timestamp = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
