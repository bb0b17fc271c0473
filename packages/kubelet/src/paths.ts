/** Where the kubelet keeps things on the disk of its node; the layout is the original's, as other programs read it. */
import { join } from "node:path";

export interface KubeletPaths {
  /** `/var/lib/kubelet` */
  readonly root: string;
  /** `/var/log/pods` */
  readonly podLogs: string;
  /** Only for kubelets that share a machine: where programs that gather logs look does not move with `podLogs`. */
  readonly logLinks?: string;
}

interface PodNames {
  readonly metadata: { readonly namespace: string; readonly name: string; readonly uid: string };
}

export const podsFolder = ({ root }: KubeletPaths): string => join(root, "pods");
export const podFolder = (paths: KubeletPaths, uid: string): string => join(podsFolder(paths), uid);
const volumesFolder = (paths: KubeletPaths, uid: string): string => join(podFolder(paths, uid), "volumes");

/** `plugin` as "kubernetes.io/configmap". */
export const volumeFolder = (paths: KubeletPaths, uid: string, plugin: string, name: string): string =>
  join(volumesFolder(paths, uid), plugin.replace("/", "~"), name);

/** Links to the devices of a pod. */
export const volumeDevicesFolder = (paths: KubeletPaths, uid: string, plugin: string): string =>
  join(podFolder(paths, uid), "volumeDevices", plugin.replace("/", "~"));

export const containerFolder = (paths: KubeletPaths, uid: string, container: string): string =>
  join(podFolder(paths, uid), "containers", container);

export const hostsPath = (paths: KubeletPaths, uid: string): string => join(podFolder(paths, uid), "etc-hosts");

export const podLogFolder = ({ podLogs }: KubeletPaths, { metadata }: PodNames): string =>
  join(podLogs, `${metadata.namespace}_${metadata.name}_${metadata.uid}`);

/** Within the pod's log folder. */
export const logPath = (container: string, attempt: number): string => join(container, `${attempt}.log`);

export const LOG_LINKS = "/var/log/containers";
export const logLinksFolder = ({ logLinks = LOG_LINKS }: KubeletPaths): string => logLinks;

const LONGEST_NAME = 255 - ".log".length;

export function containerLogLink(
  paths: KubeletPaths,
  { metadata }: PodNames,
  { name, id }: { readonly name: string; readonly id: string },
): string {
  const link = `${metadata.name}_${metadata.namespace}_${name}-${id}`;
  return join(logLinksFolder(paths), `${link.slice(0, LONGEST_NAME)}.log`);
}
