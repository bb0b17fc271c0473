/**
 * Makes this machine another server of a cluster: it takes from one that is there what all of them share.
 * Holds: keys that are here already stay; those of another cluster are never overwritten.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { configmaps, secrets } from "@kubets/api/generated/refs";
import { TOKEN_NAMESPACE } from "@kubets/controllers/bootstrap-tokens/token";
import { isReason } from "@kubets/machinery";
import { ExitError, exitCode } from "@kubets/machinery/exit-codes";
import { discover, type Invitation } from "./discover.ts";
import { type ClusterSettings, SETTINGS_KEY } from "./publish.ts";
import { hasKeys, KEYS_NAME, openKeys } from "./server-keys.ts";

interface ServerJoinOptions {
  readonly invitation: Invitation;
  readonly certificateKey: string;
  /** Of the server's certificates and keys. */
  readonly folder: string;
}

/** Gives what all servers must agree on. */
export async function joinServer({ invitation, certificateKey, folder }: ServerJoinOptions): Promise<ClusterSettings> {
  const { info, client, close } = await discover(invitation);
  try {
    const own = join(folder, "ca.crt");
    if (existsSync(own) && readFileSync(own, "utf8").trim() !== info.ca.trim())
      throw new ExitError(
        exitCode.usage,
        `${folder} holds the keys of another cluster: give this one another name with --cluster, or remove them with \`kubets down\``,
      );
    if (!hasKeys(folder)) {
      const { data = {} } = await client.get(secrets, { namespace: TOKEN_NAMESPACE, name: KEYS_NAME });
      openKeys(data, certificateKey, folder);
    }
    const settings = await client.get(configmaps, SETTINGS_KEY);
    return JSON.parse(settings.data?.["settings"] ?? "{}") as ClusterSettings;
  } catch (error) {
    if (isReason(error, "NotFound") || isReason(error, "Forbidden"))
      throw new ExitError(
        exitCode.failure,
        "the token is not for a server, or its keys are gone: make a new one on a server with `kubets token create --for-server --print-join-command`",
        { cause: error },
      );
    throw error;
  } finally {
    await close();
  }
}
