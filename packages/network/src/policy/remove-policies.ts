/** Takes away what keeps pods apart on a machine, whoever made it. What is not there is no mistake. */
import type { Exec } from "@kubets/machinery/exec";
import { TABLE } from "./nft-table.ts";

export async function removePolicies(exec: Exec): Promise<void> {
  await exec("nft", ["delete", "table", ...TABLE.split(" ")]);
}
