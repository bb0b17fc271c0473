/**
 * What a server checks of itself, by the original's names where it has the same thing to check.
 * Holds: storage that nobody else writes to cannot be away (a write that fails ends the process), so only a shared one is asked.
 */
import type { Clock } from "@kubets/machinery";
import type { Storage } from "@kubets/storage";
import type { HealthCheck } from "./health.ts";

interface HealthCheckParts {
  readonly storage: Storage;
  readonly clock: Clock;
  notReady(): string | undefined;
  /** The server goes: it is not ready any more, and answers for a while yet. */
  readonly leaving: AbortSignal;
  /** Of what else the server works with. */
  readonly others?: readonly HealthCheck[];
}

/** What the bootstrap of a fresh server makes, by the hooks that make it in the original. */
const MADE_AT_START = [
  "start-system-namespaces-controller",
  "rbac/bootstrap-roles",
  "scheduling/bootstrap-system-priority-classes",
  "priority-and-fairness-config-producer",
];

const STORAGE_TIMEOUT_MS = 2000;

export function healthChecks({ storage, clock, notReady, leaving, others = [] }: HealthCheckParts): HealthCheck[] {
  const reachable = () => (storage.exclusive ? undefined : answersInTime(storage, clock));
  return [
    { name: "ping", check: () => undefined },
    { name: "log", check: () => undefined },
    { name: "etcd", check: reachable },
    { name: "etcd-readiness", on: ["readyz"], check: reachable },
    { name: "informer-sync", on: ["readyz"], check: () => undefined },
    ...MADE_AT_START.map((name): HealthCheck => ({ name: `poststarthook/${name}`, check: notReady })),
    ...others,
    { name: "shutdown", on: ["readyz"], check: () => (leaving.aborted ? "process is shutting down" : undefined) },
  ];
}

function answersInTime(storage: Storage, clock: Clock): Promise<string | undefined> {
  return new Promise((resolve) => {
    const timer = clock.after(STORAGE_TIMEOUT_MS, () => resolve("storage did not answer in time"));
    const settle = (wrong: string | undefined) => {
      timer.cancel();
      resolve(wrong);
    };
    storage.currentRevision().then(
      () => settle(undefined),
      (error: Error) => settle(`storage cannot be read: ${error.message}`),
    );
  });
}
