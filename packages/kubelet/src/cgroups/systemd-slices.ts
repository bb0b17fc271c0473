/**
 * Cgroups as slices of systemd, which is asked for them over D-Bus by its own program. A slice lies in others as the parts of its name say; the runtime puts the
 * scopes of containers below.
 */
import type { Exec } from "../exec.ts";
import { type CgroupParts, type CgroupTree, cgroupVersion } from "./cgroup-tree.ts";
import { propertiesOf } from "./settings.ts";

const MANAGER = ["org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager"];
const ACCOUNTING = ["CPUAccounting", "MemoryAccounting", "TasksAccounting", "IOAccounting"].map(
  (name) => [name, "b", "true"] as const,
);

export function systemdSlices(exec: Exec, version = cgroupVersion()): CgroupTree {
  const ask = (method: string, ...args: readonly string[]) =>
    exec.run(["busctl", "--system", "call", ...MANAGER, method, ...args]);
  const nameOf = (parts: CgroupParts) => `${parts.map((part) => part.replaceAll("-", "_")).join("-")}.slice`;
  return {
    version,
    nameOf,
    pathOf: (parts) => `/${parts.map((_, i) => nameOf(parts.slice(0, i + 1))).join("/")}`,

    async ensure(parts, settings) {
      const name = nameOf(parts);
      const wanted = propertiesOf(settings, version);
      const first = [
        ["Description", "s", `kubelet ${name}`],
        ["DefaultDependencies", "b", "false"],
        ...ACCOUNTING,
        ...wanted,
      ];
      const list = (properties: readonly (readonly string[])[]) => [String(properties.length), ...properties.flat()];
      try {
        await ask("StartTransientUnit", "ssa(sv)a(sa(sv))", name, "fail", ...list(first), "0");
      } catch (error) {
        // One that is there already is only set anew.
        await ask("SetUnitProperties", "sba(sv)", name, "true", ...list(wanted)).catch(() => Promise.reject(error));
      }
    },

    async remove(parts) {
      await ask("StopUnit", "ss", nameOf(parts), "replace").catch(() => {});
    },
  };
}
