/** Which resources the system knows by itself, which are of extensions, and what may be done with each. */
import { labelKey } from "@kubets/machinery/names";

const CONTAINER = new Set(["cpu", "memory", "ephemeral-storage"]);
const COUNTED = new Set([
  "pods",
  "services",
  "replicationcontrollers",
  "resourcequotas",
  "secrets",
  "configmaps",
  "persistentvolumeclaims",
  "services.nodeports",
  "services.loadbalancers",
]);
const STORAGE = ["storage", "requests.storage"];
const BOUNDED = ["cpu", "memory", "ephemeral-storage"].flatMap((name) => [`requests.${name}`, `limits.${name}`]);
const STANDARD = new Set([...CONTAINER, ...COUNTED, ...BOUNDED, ...STORAGE]);
const QUOTA = new Set([...CONTAINER, ...COUNTED, ...BOUNDED, "requests.storage"]);

export const isHugePages = (name: string): boolean => name.startsWith("hugepages-");
const isQuotaHugePages = (name: string): boolean => isHugePages(name) || name.startsWith("requests.hugepages-");

export const isStandardContainerResource = (name: string): boolean => CONTAINER.has(name) || isHugePages(name);
export const isStandardResource = (name: string): boolean => STANDARD.has(name) || isQuotaHugePages(name);
export const isStandardQuotaResource = (name: string): boolean => QUOTA.has(name) || isQuotaHugePages(name);

/** Of the system: without a domain, or of a domain of its own. */
export const isNativeResource = (name: string): boolean => !name.includes("/") || name.includes("kubernetes.io/");

export const isExtendedResource = (name: string): boolean =>
  !isNativeResource(name) && !name.startsWith("requests.") && labelKey(`requests.${name}`).length === 0;

export const isIntegerResource = (name: string): boolean => COUNTED.has(name) || isExtendedResource(name);

/** Whether more may be used than was asked for. */
export const mayOvercommit = (name: string): boolean => isNativeResource(name) && !isHugePages(name);
