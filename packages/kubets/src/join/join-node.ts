/**
 * Makes this machine a node of a cluster: by a token the first time, by the certificates that it got then ever after.
 * Holds: a name that a living node has is refused; what is there already is kept, so that it goes on from wherever it was cut off.
 */
import { existsSync, readFileSync } from "node:fs";
import { isTrue } from "@kubets/api/condition";
import { configmaps, nodes } from "@kubets/api/generated/refs";
import { nodeSubject, nodeWish, servingWish } from "@kubets/client/certificates/node-wishes";
import { requestCertificate } from "@kubets/client/certificates/request-certificate";
import type { Client } from "@kubets/client/client";
import { createClient } from "@kubets/client/typed-client";
import { type Clock, isReason, type Logger } from "@kubets/machinery";
import { ExitError, exitCode } from "@kubets/machinery/exit-codes";
import { HttpTransport } from "@kubets/wire/transport";
import type { ClusterServers } from "../agent/cluster-servers.ts";
import { partWish } from "./certificate-wishes.ts";
import { discover, type Invitation } from "./discover.ts";
import {
  isOver,
  type NodeFiles,
  readIdentity,
  type WrittenIdentity,
  writeIdentity,
  writeSafely,
} from "./node-files.ts";
import { NODE_PARTS, type NodePart } from "./node-users.ts";
import { type ClusterSettings, SETTINGS_KEY } from "./publish.ts";

interface JoinOptions {
  readonly files: NodeFiles;
  /** Others that may know the node, when the one that it was told of is gone. */
  readonly servers: ClusterServers;
  readonly nodeName: string;
  readonly addresses: readonly string[];
  readonly invitation?: Invitation | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

interface JoinedNode {
  readonly settings: ClusterSettings;
  readonly parts: readonly NodePart[];
}

export async function joinNode(options: JoinOptions): Promise<JoinedNode> {
  const { files, servers, nodeName, addresses, clock, log, signal } = options;
  const identity = await nodeIdentity(options);
  writeSafely(files.ca, identity.info.ca);
  const transport = new HttpTransport({
    server: identity.info.server,
    alternatives: () => servers.all,
    tls: { ca: identity.info.ca, ...identity.certificate },
  });
  const client = createClient(transport, { userAgent: `kubets-agent/${nodeName}` });
  try {
    const settings = await clusterSettings(client, files, log);
    const parts = partsOf(settings);
    const asking = { client, clock, signal };
    const missing = parts.filter((part) => !isGood(readIdentity(files.kubeconfig(part)), clock));
    await Promise.all([
      ...missing.map(async (part) => {
        const certificate = await requestCertificate(partWish(NODE_PARTS[part]), asking);
        const user = NODE_PARTS[part].commonName;
        writeIdentity(files.kubeconfig(part), { user, info: identity.info, certificate });
      }),
      (async () => {
        if (existsSync(files.servingCert) && !isOver(readFileSync(files.servingCert, "utf8"), clock.now())) return;
        const { cert, key } = await requestCertificate(servingWish(nodeName, addresses), asking);
        writeSafely(files.servingKey, key);
        writeSafely(files.servingCert, cert);
      })(),
    ]);
    return { settings, parts };
  } finally {
    await transport.close();
  }
}

const isGood = (identity: WrittenIdentity | undefined, clock: Clock): boolean =>
  identity !== undefined && !isOver(identity.certificate.cert, clock.now());

const partsOf = ({ addons }: ClusterSettings): NodePart[] =>
  (Object.keys(NODE_PARTS) as NodePart[]).filter(
    (part) => (part !== "dns" && part !== "storage") || addons.includes(part),
  );

async function nodeIdentity({
  files,
  nodeName,
  invitation,
  clock,
  log,
  signal,
}: JoinOptions): Promise<WrittenIdentity> {
  const path = files.kubeconfig("node");
  const kept = readIdentity(path);
  const { commonName: user } = nodeSubject(nodeName);
  if (kept && kept.user !== user)
    throw new ExitError(
      exitCode.usage,
      `${files.folder} belongs to the node ${kept.user.replace("system:node:", "")}: give --node-name the same name, or another --data-dir`,
    );
  if (kept && isGood(kept, clock)) return kept;
  if (!invitation)
    throw new ExitError(
      exitCode.usage,
      kept
        ? "the node's certificate is over: join again with --server, --token and --ca-hash"
        : "this machine belongs to no cluster: give --server, --token and --ca-hash, as `kubets token create --print-join-command` prints them, or --kubeconfig",
    );
  log.info("joining", { server: invitation.server, node: nodeName });
  const newcomer = await discover(invitation);
  try {
    await refuseTaken(newcomer.client, nodeName);
    const certificate = await requestCertificate(nodeWish(nodeName), { client: newcomer.client, clock, signal });
    const identity = { user, info: { ...newcomer.info, server: invitation.server }, certificate };
    writeIdentity(path, identity);
    return identity;
  } finally {
    await newcomer.close();
  }
}

async function refuseTaken(client: Client, nodeName: string): Promise<void> {
  try {
    const { status } = await client.get(nodes, { name: nodeName });
    if (isTrue(status.conditions, "Ready"))
      throw new ExitError(
        exitCode.failure,
        `a node named ${nodeName} is in the cluster and ready: give this one another name with --node-name, or remove that one with \`kubets kubectl delete node ${nodeName}\``,
      );
  } catch (error) {
    if (!isReason(error, "NotFound")) throw error;
  }
}

/** A server that cannot be reached just now keeps no node from running what it has. */
async function clusterSettings(client: Client, files: NodeFiles, log: Logger): Promise<ClusterSettings> {
  try {
    const { data } = await client.get(configmaps, SETTINGS_KEY);
    const settings = JSON.parse(data?.["settings"] ?? "{}") as ClusterSettings;
    files.writeSettings(settings);
    return settings;
  } catch (error) {
    const kept = files.readSettings();
    if (!kept) throw error;
    log.warn("the cluster's settings could not be read; those of the last time are used", { error });
    return kept;
  }
}
