/** Credentials that the node has for every pod: Docker's `config.json` in the kubelet's folder, and what its credential providers hand out. */
import { join } from "node:path";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { KubeletConfig } from "../config.ts";
import { type Disk, isMissing } from "../disk/disk.ts";
import { credentialProgram } from "./credential-program.ts";
import { loadCredentialProviders } from "./credential-provider-config.ts";
import { CredentialProviders, type CredentialProvidersOptions } from "./credential-providers.ts";
import { credentialsAmong, dockerConfigEntries, type PullCredential } from "./pull-secrets.ts";

interface NodeCredentialsOptions extends Omit<CredentialProvidersOptions, "providers" | "ask"> {
  readonly config: Pick<KubeletConfig, "credentialProviderConfig" | "credentialProviderFolder">;
  readonly disk: Disk;
  readonly folder: string;
}

export function nodeCredentials(options: NodeCredentialsOptions) {
  const { config, disk, folder } = options;
  const providers = config.credentialProviderConfig
    ? new CredentialProviders({
        ...options,
        providers: loadCredentialProviders(config.credentialProviderConfig),
        ask: credentialProgram(config.credentialProviderFolder),
      })
    : undefined;
  return async (image: string, pod: Pod): Promise<PullCredential[]> => {
    const file = await disk.readFile(join(folder, "config.json")).catch((error: unknown) => {
      if (isMissing(error)) return undefined;
      throw error;
    });
    const ofFile = file ? credentialsAmong(image, [{ entries: dockerConfigEntries(file.toString()) }]) : [];
    return [...ofFile, ...((await providers?.find(image, pod)) ?? [])];
  };
}
