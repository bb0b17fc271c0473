/** The one list of providers, and how one of the user's own is found: by the path of its file. */
import { isAbsolute, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { ConfigError } from "@kubets/machinery/config-file";
import { localProvider } from "./local/provider.ts";
import type { CloudProvider, ProviderFactory } from "./provider.ts";

const PROVIDERS: readonly CloudProvider[] = [localProvider];

export async function providerOf(name: string, config: string): Promise<CloudProvider> {
  const found = PROVIDERS.find((provider) => provider.name === name);
  if (found) return found;
  if (!(name.startsWith(".") || isAbsolute(name)))
    throw new ConfigError(
      `--cloud-provider: there is no provider ${JSON.stringify(name)}; there are ${PROVIDERS.map((each) => each.name).join(", ")}, and files of one's own (./my-cloud.ts)`,
    );
  const path = resolve(name);
  let made: unknown;
  try {
    made = ((await import(pathToFileURL(path).href)) as { default?: unknown }).default;
  } catch (error) {
    throw new ConfigError(`--cloud-provider: ${path} cannot be loaded: ${(error as Error).message}`);
  }
  const provider = typeof made === "function" ? await (made as ProviderFactory)(config) : (made as CloudProvider);
  if (typeof provider?.name !== "string")
    throw new ConfigError(`${path}: the default export must be a CloudProvider, or a function that makes one`);
  return provider;
}
