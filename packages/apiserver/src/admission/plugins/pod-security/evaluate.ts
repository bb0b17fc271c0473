/** A pod against a level and a version of the standards. The one list of checks, in the order of messages. */
import type { Check, PodUnderCheck, Violation } from "./check.ts";
import {
  appArmorProfile,
  procMount,
  restrictedSeccompProfile,
  seccompProfile,
  seLinuxOptions,
  sysctls,
} from "./checks/confinement.ts";
import { hostNamespaces, hostPathVolumes, hostPorts, hostProbes, windowsHostProcess } from "./checks/host.ts";
import {
  allowPrivilegeEscalation,
  defaultCapabilities,
  privileged,
  restrictedCapabilities,
  restrictedVolumes,
  runAsNonRoot,
  runAsUser,
} from "./checks/privileges.ts";
import type { LevelVersion } from "./policy.ts";

export const checks: readonly Check[] = [
  appArmorProfile,
  defaultCapabilities,
  hostNamespaces,
  hostPathVolumes,
  hostPorts,
  hostProbes,
  privileged,
  procMount,
  seLinuxOptions,
  seccompProfile,
  sysctls,
  windowsHostProcess,
  allowPrivilegeEscalation,
  restrictedCapabilities,
  restrictedVolumes,
  runAsNonRoot,
  runAsUser,
  restrictedSeccompProfile,
];

export function evaluatePod(pod: PodUnderCheck, { level, minor }: LevelVersion): Violation[] {
  if (level === "privileged") return [];
  const asked = checks.filter(
    (check) => check.since <= minor && (check.level === "baseline" || level === "restricted"),
  );
  const overridden = new Set(asked.map((check) => check.overrides));
  return asked.flatMap((check) => (overridden.has(check.id) ? [] : (check.check(pod, minor) ?? [])));
}

export const reasonsOf = (violations: readonly Violation[]): string =>
  violations.map(({ reason }) => reason).join(", ");

export const detailsOf = (violations: readonly Violation[]): string =>
  violations.map(({ reason, detail }) => (detail ? `${reason} (${detail})` : reason)).join(", ");
