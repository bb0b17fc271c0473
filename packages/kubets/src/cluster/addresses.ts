/** Addresses that follow from the cluster's ranges. */
import { mustParseCidr } from "@kubets/machinery/cidr";

/** The service of DNS has the tenth address of the service range. */
export function dnsAddress(serviceRange: string): string {
  const address = mustParseCidr(serviceRange.split(",")[0] as string).nth(10);
  if (!address) throw new Error(`the service range ${serviceRange} is too small: it needs more than ten addresses`);
  return address.toString();
}
