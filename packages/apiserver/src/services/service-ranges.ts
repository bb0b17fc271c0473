/** The ranges of service addresses, as the ServiceCIDR objects of the cluster say: each for a family, usable once it is ready. */
import { isTrue } from "@kubets/api/condition";
import { servicecidrs } from "@kubets/api/generated/refs";
import type { ServiceCIDR } from "@kubets/api/generated/types/networking-v1";
import { type Cidr, parseCidr } from "@kubets/machinery";
import type { ClusterView } from "../admission/plugin.ts";

export type Family = "IPv4" | "IPv6";

export const familyOf = (address: string): Family => (address.includes(":") ? "IPv6" : "IPv4");
const familyOfRange = (range: Cidr): Family => (range.family === 4 ? "IPv4" : "IPv6");

export class ServiceRanges {
  readonly #view: ClusterView;
  /** Of --service-cluster-ip-range; the first says the cluster's own family. */
  readonly configured: readonly Cidr[];

  constructor(view: ClusterView, configured: readonly Cidr[]) {
    this.#view = view;
    this.configured = configured;
  }

  get families(): Family[] {
    return this.configured.map(familyOfRange);
  }

  of(family: Family): Cidr[] {
    return this.#view
      .list(servicecidrs)
      .filter(isUsable)
      .flatMap(({ spec }) => spec.cidrs ?? [])
      .flatMap((text) => parseCidr(text) ?? [])
      .filter((range) => familyOfRange(range) === family);
  }
}

const isUsable = ({ metadata, status }: ServiceCIDR): boolean =>
  !metadata.deletionTimestamp && isTrue(status?.conditions, "Ready");
