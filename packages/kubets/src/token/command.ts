/** `kubets token`: the tokens by which machines join a cluster. */
import { configmaps, secrets } from "@kubets/api/generated/refs";
import type { Secret } from "@kubets/api/generated/types/core-v1";
import type { Client } from "@kubets/client/client";
import { TOKEN_NAMESPACE, TOKEN_TYPE, tokenSecretName } from "@kubets/controllers/bootstrap-tokens/token";
import { realClock } from "@kubets/machinery";
import { defineCommand } from "@kubets/machinery/command";
import { humanDuration } from "@kubets/machinery/duration";
import { ExitError, exitCode } from "@kubets/machinery/exit-codes";
import { bool, defineFlags, duration, text } from "@kubets/machinery/flags";
import { readCertificates, spkiPin } from "@kubets/wire/x509";
import { type ConnectionFlags, connectionFlags, withCluster } from "../cluster/connection.ts";
import { clusterHome } from "../cluster/home.ts";
import { type ClusterInfo, INFO_NAME, INFO_NAMESPACE, readClusterInfo } from "../join/cluster-info.ts";
import { KEYS_NAME, newCertificateKey, sealedKeys } from "../join/server-keys.ts";
import { NODE_TOKEN_GROUP, newToken, parseToken, SERVER_TOKEN_GROUP, tokenSecret } from "../join/token.ts";
import { table } from "../table.ts";

/** The keys of servers lie sealed in the cluster for no longer than their token is good. */
const SERVER_TTL_MS = 2 * 3_600_000;

const createCommand = defineCommand({
  name: "create",
  usage: "[TOKEN] [flags]",
  summary: "Make a token by which machines join",
  examples: [
    "kubets token create --print-join-command",
    "kubets token create --ttl 2h --description 'rack 7'",
    "kubets token create --for-server --print-join-command",
  ],
  flags: defineFlags({
    ...connectionFlags,
    ttl: duration({ default: 24 * 3_600_000, min: 0, help: "How long it is good for; 0 for ever." }),
    description: text({ placeholder: "TEXT", help: "What it is for." }),
    "print-join-command": bool({ help: "Print the whole command for the machine that is to join." }),
    "for-server": bool({
      help: "For another server of the control plane: run it on a server; the cluster must store in etcd.",
    }),
  }),
  async run({ values: flags, args: [given, ...more], io }) {
    if (more.length > 0) throw new ExitError(exitCode.usage, "give one token, or none to have one made");
    const token = given ? parseToken(given) : newToken();
    const ttl = flags["for-server"] ? Math.min(flags.ttl || SERVER_TTL_MS, SERVER_TTL_MS) : flags.ttl;
    await withCluster(flags, async (client) => {
      const made = await client.create(
        secrets,
        tokenSecret(token, {
          expires: ttl > 0 ? realClock.now() + ttl : undefined,
          groups: [NODE_TOKEN_GROUP, ...(flags["for-server"] ? [SERVER_TOKEN_GROUP] : [])],
          description: flags.description,
        }),
      );
      const certificateKey = flags["for-server"] ? await layOutKeys(client, flags, made) : undefined;
      const bearer = `${token.id}.${token.secret}`;
      if (!flags["print-join-command"])
        return io.output(`${bearer}\n${certificateKey ? `certificate key: ${certificateKey}\n` : ""}`);
      io.output(`${joinCommand(await publishedInfo(client), bearer, certificateKey)}\n`);
    });
  },
});

/** Goes with the token, as what the token owns. */
async function layOutKeys(client: Client, { cluster }: ConnectionFlags, token: Secret): Promise<string> {
  const certificateKey = newCertificateKey();
  const { name, uid } = token.metadata;
  const data = sealedKeys(clusterHome(cluster).pki, certificateKey);
  const metadata = {
    name: KEYS_NAME,
    namespace: TOKEN_NAMESPACE,
    ownerReferences: [{ apiVersion: "v1", kind: "Secret", name, uid }],
  };
  const secret = { apiVersion: "v1", kind: "Secret", metadata, data } as const;
  await client.apply(secrets, secret, { fieldManager: "kubets", force: true });
  return certificateKey;
}

async function publishedInfo(client: Client): Promise<ClusterInfo> {
  const { data } = await client.get(configmaps, { namespace: INFO_NAMESPACE, name: INFO_NAME });
  return readClusterInfo(data?.["kubeconfig"] ?? "");
}

function joinCommand({ server, ca }: ClusterInfo, token: string, certificateKey: string | undefined): string {
  const pin = readCertificates(ca).map(({ publicKey }) => spkiPin(publicKey))[0];
  const common = `--server ${server} --token ${token} --ca-hash ${pin}`;
  return certificateKey
    ? `kubets server ${common} --certificate-key ${certificateKey} --etcd-servers URL`
    : `kubets agent ${common}`;
}

const listCommand = defineCommand({
  name: "list",
  summary: "Show the tokens of the cluster",
  examples: ["kubets token list"],
  flags: connectionFlags,
  async run({ values: flags, io }) {
    const found = await withCluster(flags, (client) =>
      client.list(secrets, { namespace: TOKEN_NAMESPACE, fieldSelector: `type=${TOKEN_TYPE}` }),
    );
    const rows = found.items.map((secret) => rowOf(secret, realClock.now()));
    const header = ["TOKEN", "TTL", "EXPIRES", "USAGES", "DESCRIPTION", "EXTRA GROUPS"];
    io.output(table([header, ...rows]));
  },
});

function rowOf({ data }: Secret, now: number): string[] {
  const read = (name: string) => Buffer.from(data?.[name] ?? "", "base64").toString();
  const expiration = read("expiration");
  const left = Date.parse(expiration) - now;
  const ttl = expiration ? (left > 0 ? humanDuration(left) : "<invalid>") : "<forever>";
  const usages = ["authentication", "signing"].filter((usage) => read(`usage-bootstrap-${usage}`) === "true");
  return [
    `${read("token-id")}.${read("token-secret")}`,
    ttl,
    expiration || "<never>",
    usages.join(",") || "<none>",
    read("description") || "<none>",
    read("auth-extra-groups") || "<none>",
  ];
}

const deleteCommand = defineCommand({
  name: "delete",
  usage: "TOKEN...",
  summary: "Remove tokens: nobody joins by them any more",
  examples: ["kubets token delete abcdef"],
  flags: connectionFlags,
  async run({ values: flags, args, io }) {
    if (args.length === 0)
      throw new ExitError(exitCode.usage, "name the tokens to remove, or what stands before their dot");
    await withCluster(flags, async (client) => {
      for (const arg of args) {
        const id = arg.includes(".") ? parseToken(arg).id : arg;
        await client.delete(secrets, { namespace: TOKEN_NAMESPACE, name: tokenSecretName(id) });
        io.output(`token ${id} deleted\n`);
      }
    });
  },
});

export const tokenCommand = defineCommand({
  name: "token",
  summary: "Make, show and remove the tokens by which machines join a cluster",
  subcommands: [createCommand, listCommand, deleteCommand],
});
