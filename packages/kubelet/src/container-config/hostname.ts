/** The name of the pod's host, and its domain within the cluster. */
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { ContainerConfigError } from "./config-error.ts";

interface HostName {
  /** What the kernel says. */
  readonly hostname: string;
  readonly short: string;
  readonly domain: string;
}

/** The kernel takes no more, and a DNS label has no more. */
const LONGEST_LABEL = 63;
const LONGEST_KERNEL_NAME = 64;

export function hostName({ metadata, spec }: Pod, clusterDomain: string): HostName {
  if (spec.hostnameOverride) return { hostname: spec.hostnameOverride, short: spec.hostnameOverride, domain: "" };
  const short = (spec.hostname || metadata.name).slice(0, LONGEST_LABEL).replace(/[-.]+$/, "");
  const domain = spec.subdomain ? `${spec.subdomain}.${metadata.namespace}.svc.${clusterDomain}` : "";
  if (!spec.setHostnameAsFQDN || !domain) return { hostname: short, short, domain };
  const full = `${short}.${domain}`;
  if (full.length > LONGEST_KERNEL_NAME)
    throw new ContainerConfigError(
      `failed to construct FQDN from pod hostname and cluster domain, FQDN ${full} is too long (64 characters is the max, ${full.length} characters requested)`,
    );
  return { hostname: full, short, domain };
}
