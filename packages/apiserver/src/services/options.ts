/** Reads --service-cluster-ip-range and --service-node-port-range; an error names the flag and says what would be right. */
import { parseCidr, parsePortRange } from "@kubets/machinery";
import { ExitError, exitCode } from "@kubets/machinery/exit-codes";
import type { ServiceNetworkOptions } from "./service-network.ts";

export function serviceNetworkOptions(clusterIpRange: string, nodePortRange = "30000-32767"): ServiceNetworkOptions {
  const ranges = clusterIpRange.split(",").map((text) => {
    const range = parseCidr(text.trim());
    if (range) return range;
    throw wrong(`${JSON.stringify(text)} is no range of addresses, such as 10.96.0.0/16`);
  });
  if (ranges.length > 2 || (ranges.length === 2 && ranges[0]?.family === ranges[1]?.family))
    throw wrong("one range, or one for each of the two families");
  return { ranges, nodePorts: parsePortRange(nodePortRange) };
}

const wrong = (why: string) => new ExitError(exitCode.usage, `--service-cluster-ip-range: ${why}`);
