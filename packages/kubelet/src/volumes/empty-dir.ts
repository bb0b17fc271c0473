/** A folder that lives as long as its pod; with the medium Memory or HugePages it is a file system in memory. */
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { parseQuantity } from "@kubets/machinery/quantity";
import { isMounted } from "../disk/disk.ts";
import { setGroup } from "./ownership.ts";
import { ensureTmpfs } from "./tmpfs.ts";
import { VolumeError, type VolumePlugin } from "./volume.ts";

export const emptyDirVolume: VolumePlugin = {
  name: "kubernetes.io/empty-dir",
  supports: ({ emptyDir }) => emptyDir !== undefined,
  async setUp({ volume, folder, disk, pod }) {
    const { medium = "", sizeLimit } = volume.emptyDir ?? {};
    const pageSize = medium.startsWith("HugePages") ? pageSizeOf(medium, pod) : undefined;
    const isNew = (await disk.stat(folder)) === undefined;
    await disk.makeFolder(folder, 0o777);
    if (medium === "Memory") await ensureTmpfs(disk, folder, sizeLimit ? parseQuantity(sizeLimit).value() : 0);
    else if (pageSize && !(await isMounted(disk, folder)))
      await disk.mount({ type: "hugetlbfs", source: "nodev", target: folder, options: [`pagesize=${pageSize}`] });
    if (isNew) {
      await disk.setMode(folder, 0o777);
      const { fsGroup } = pod.spec.securityContext ?? {};
      if (fsGroup !== undefined) await setGroup(disk, folder, fsGroup, false);
    }
    return { path: folder, readOnly: false };
  },
};

const RESOURCE = "hugepages-";

/** The size that the medium names, or the only one that the pod's containers ask for; the kernel writes it without the last letter. */
function pageSizeOf(medium: string, { spec }: Pod): string {
  const asked = new Set(
    [...(spec.initContainers ?? []), ...spec.containers]
      .flatMap(({ resources }) => Object.keys({ ...resources?.limits, ...resources?.requests }))
      .flatMap((name) => (name.startsWith(RESOURCE) ? [name.slice(RESOURCE.length)] : [])),
  );
  const named = medium === "HugePages" ? undefined : medium.slice("HugePages-".length);
  if (named === undefined && asked.size !== 1)
    throw new VolumeError(
      asked.size > 1
        ? "cannot use HugePages medium with more than one page size in pod resources"
        : "medium HugePages can be used only by a pod that asks for huge pages",
    );
  const size = named ?? ([...asked][0] as string);
  if (![...asked].some((each) => parseQuantity(each).equals(parseQuantity(size))))
    throw new VolumeError(`medium HugePages-${size} can be used only by a pod that asks for pages of this size`);
  return size.replace(/i$/, "");
}
