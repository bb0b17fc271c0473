/** What pods may have left on a node's disk and in its cgroups and mounts, once all of them are gone. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { processesOf } from "./victims.ts";

export function leftovers(home: string, name: string, node: string): string[] {
  const folder = join(home, name, "nodes", node);
  const within = (path: string) => (existsSync(path) ? readdirSync(path).map((each) => join(path, each)) : []);
  const mounts = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "")
    .filter((point) => point.startsWith(`${folder}/kubelet/pods/`));
  return [
    ...within(join(folder, "kubelet/pods")),
    ...within(join(folder, "log/pods")),
    ...within(join(folder, "log/containers")),
    ...within(join(folder, "volumes")),
    ...mounts,
    ...podCgroups(`/kubets/${name}/${node}`),
    ...processesOf("shim", join(home, name), name).map((pid) => `shim ${pid}`),
  ];
}

/** Of each hierarchy; those of the classes of service stay. */
function podCgroups(root: string): string[] {
  const hierarchies = existsSync("/sys/fs/cgroup/cgroup.controllers") ? [""] : readdirSync("/sys/fs/cgroup");
  return hierarchies.flatMap((hierarchy) =>
    ["kubepods", "kubepods/burstable", "kubepods/besteffort"].flatMap((tier) => {
      const path = join("/sys/fs/cgroup", hierarchy, root, tier);
      if (!existsSync(path)) return [];
      return readdirSync(path)
        .filter((each) => each.startsWith("pod"))
        .map((each) => join(path, each));
    }),
  );
}
