/** Values of the pod's own fields, for environment variables and files of the downward API. */
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { quote } from "@kubets/machinery";
import { ContainerConfigError } from "./config-error.ts";

export interface Addresses {
  readonly hostIPs: readonly string[];
  readonly podIPs: readonly string[];
}

export function fieldValue(pod: Pod, path: string, addresses: Addresses): string {
  const { metadata, spec } = pod;
  const subscript = /^(metadata\.(?:labels|annotations))\['(.*)'\]$/.exec(path);
  if (subscript) {
    const map = subscript[1] === "metadata.labels" ? metadata.labels : metadata.annotations;
    return map?.[subscript[2] as string] ?? "";
  }
  switch (path) {
    case "metadata.name":
      return metadata.name;
    case "metadata.namespace":
      return metadata.namespace;
    case "metadata.uid":
      return metadata.uid;
    case "metadata.labels":
      return mapText(metadata.labels);
    case "metadata.annotations":
      return mapText(metadata.annotations);
    case "spec.nodeName":
      return spec.nodeName ?? "";
    case "spec.serviceAccountName":
      return spec.serviceAccountName ?? "";
    case "status.hostIP":
      return addresses.hostIPs[0] ?? "";
    case "status.hostIPs":
      return addresses.hostIPs.join(",");
    case "status.podIP":
      return addresses.podIPs[0] ?? "";
    case "status.podIPs":
      return addresses.podIPs.join(",");
    default:
      throw new ContainerConfigError(`unsupported fieldPath: ${path}`);
  }
}

/** A map as lines `key="value"`, ordered, the values as Go quotes them. */
const mapText = (map: Readonly<Record<string, string>> | undefined): string =>
  Object.keys(map ?? {})
    .sort()
    .map((key) => `${key}=${quote((map as Record<string, string>)[key] as string)}`)
    .join("\n");
