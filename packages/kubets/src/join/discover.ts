/** Finds out what cluster is behind an address, by a token that a person got from it. */
import { configmaps } from "@kubets/api/generated/refs";
import type { Client } from "@kubets/client/client";
import { createClient } from "@kubets/client/typed-client";
import { isReason } from "@kubets/machinery";
import { ExitError, exitCode } from "@kubets/machinery/exit-codes";
import { HttpTransport } from "@kubets/wire/transport";
import { type ClusterInfo, INFO_NAME, INFO_NAMESPACE, trustedClusterInfo } from "./cluster-info.ts";
import type { BootstrapToken } from "./token.ts";

export interface Invitation {
  /** Where the person says that a server is. */
  readonly server: string;
  readonly token: BootstrapToken;
  /** "sha256:..." of the authority's key; without any the token alone vouches for it. */
  readonly caHashes: readonly string[];
}

interface Newcomer {
  readonly info: ClusterInfo;
  /** As the token's own user. */
  readonly client: Client;
  close(): Promise<void>;
}

const USER_AGENT = "kubets-join";

export async function discover({ server, token, caHashes }: Invitation): Promise<Newcomer> {
  checkAddress(server);
  // The server cannot be believed yet, and is told nothing: what it answers is checked by the token.
  const blind = new HttpTransport({ server, tls: { insecureSkipVerify: true } });
  const info = await clusterInfo(createClient(blind, { userAgent: USER_AGENT }), server)
    .then((data) => trustedClusterInfo(data, token, caHashes))
    .finally(() => blind.close());
  const bearer = `${token.id}.${token.secret}`;
  const transport = new HttpTransport({ server, tls: { ca: info.ca }, token: bearer });
  return {
    info,
    client: createClient(transport, { userAgent: USER_AGENT }),
    close: () => transport.close(),
  };
}

async function clusterInfo(client: Client, server: string): Promise<Readonly<Record<string, string>>> {
  try {
    const found = await client.get(configmaps, { namespace: INFO_NAMESPACE, name: INFO_NAME });
    return found.data ?? {};
  } catch (error) {
    const why =
      isReason(error, "NotFound") || isReason(error, "Forbidden")
        ? "it does not describe itself to newcomers (ConfigMap kube-public/cluster-info)"
        : (error as Error).message;
    throw new ExitError(exitCode.failure, `${server} cannot be joined: ${why}`, { cause: error });
  }
}

function checkAddress(server: string): void {
  if (!URL.canParse(server) || new URL(server).protocol !== "https:")
    throw new ExitError(
      exitCode.usage,
      `--server ${JSON.stringify(server)} must be an address such as https://192.0.2.10:6443`,
    );
}
