/** Addresses that follow from the cluster's ranges. */
import { mustParseCidr } from "@kubets/machinery/cidr";

/** The service of DNS has the tenth address of each service range. */
export function dnsAddresses(serviceRanges: readonly string[]): string[] {
  return serviceRanges.map((range) => {
    const address = mustParseCidr(range).nth(10);
    if (!address) throw new Error(`the service range ${range} is too small: it needs more than ten addresses`);
    return address.toString();
  });
}
