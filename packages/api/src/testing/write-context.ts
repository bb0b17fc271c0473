/** The context of a write for tests: a fixed time, all features off but those named, privileged pods allowed. */
import type { WriteContext } from "../resource.ts";

export const writeContext = (...features: string[]): WriteContext => ({
  now: "2026-01-01T00:00:00Z",
  featureEnabled: (name) => features.includes(name),
  allowPrivileged: true,
});
