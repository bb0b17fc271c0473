/** `kubets certs`: how long the certificates of this machine's server are good, and an order to renew all of the cluster. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { formatTime, realClock } from "@kubets/machinery";
import { defineCommand } from "@kubets/machinery/command";
import { humanDuration } from "@kubets/machinery/duration";
import { ExitError, exitCode } from "@kubets/machinery/exit-codes";
import { defineFlags } from "@kubets/machinery/flags";
import { readCertificate } from "@kubets/wire/x509";
import { connectionFlags, withCluster } from "../cluster/connection.ts";
import { clusterHome } from "../cluster/home.ts";
import { orderRenewal } from "../join/renewal-orders.ts";
import { table } from "../table.ts";
import { clusterFlag } from "../up/options.ts";

const listCommand = defineCommand({
  name: "list",
  summary: "Show the certificates that this machine's server keeps, and when they end",
  examples: ["kubets certs list"],
  flags: defineFlags({ cluster: clusterFlag }),
  run({ values: { cluster }, io }) {
    const { pki } = clusterHome(cluster);
    if (!existsSync(pki))
      throw new ExitError(exitCode.failure, `there is no server of the cluster ${cluster} on this machine (${pki})`);
    const rows = readdirSync(pki, { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".crt"))
      .sort()
      .map((file) => rowOf(file, readFileSync(join(pki, file), "utf8")));
    io.output(table([["CERTIFICATE", "EXPIRES", "LEFT"], ...rows]));
  },
});

function rowOf(file: string, pem: string): readonly [string, string, string] {
  const { notAfter } = readCertificate(pem);
  const left = notAfter - realClock.now();
  return [file.replace(/\.crt$/, ""), formatTime(notAfter), left > 0 ? humanDuration(left) : "expired"];
}

const renewCommand = defineCommand({
  name: "renew",
  summary: "Have every certificate of the cluster made anew: of its servers, its nodes and their parts",
  description:
    "Servers and nodes that run do so at once and without a restart, the others when they start. The authority stays. Certificates are renewed in time without this, too.",
  examples: ["kubets certs renew"],
  flags: connectionFlags,
  async run({ values: flags, io }) {
    await withCluster(flags, (client) => orderRenewal(client, realClock.now()));
    io.output("ordered: servers and nodes renew their certificates now\n");
  },
});

export const certsCommand = defineCommand({
  name: "certs",
  summary: "Show certificates, or renew all of a cluster",
  subcommands: [listCommand, renewCommand],
});
