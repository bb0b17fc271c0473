/** The file of --encryption-provider-config (apiserver.config.k8s.io/v1 EncryptionConfiguration), read and checked. */
import {
  ConfigError,
  duration,
  type Infer,
  int,
  list,
  loadConfigFile,
  object,
  optional,
  str,
} from "@kubets/machinery/config-file";
import { configurationKinds } from "../configuration-kinds.ts";

const keys = object({ keys: list(object({ name: str(), secret: str() })) });

const provider = object({
  aesgcm: optional(keys),
  aescbc: optional(keys),
  secretbox: optional(keys),
  identity: optional(object({})),
  kms: optional(
    object({
      apiVersion: str("v1"),
      name: str(),
      endpoint: str(),
      timeout: duration(3000),
      cachesize: optional(int()),
    }),
  ),
});

const configuration = object({
  resources: list(object({ resources: list(str()), providers: list(provider) })),
});

export type EncryptionConfiguration = Infer<typeof configuration>;
export type Provider = Infer<typeof provider>;
type ProviderKind = keyof Provider;

const KEY_SIZES: Readonly<Partial<Record<ProviderKind, readonly number[]>>> = {
  aesgcm: [16, 24, 32],
  aescbc: [16, 24, 32],
  secretbox: [32],
};

/** With the text of the file. */
export function loadEncryptionConfiguration(path: string): EncryptionConfiguration & { readonly text: string } {
  const { config, text } = loadConfigFile(path, configurationKinds("EncryptionConfiguration", configuration, ["v1"]));
  const wrong = problems(config);
  if (wrong.length) throw new ConfigError(`${path}: ${wrong.join("; ")}`);
  return { ...config, text };
}

function problems({ resources }: EncryptionConfiguration): string[] {
  const found = resources.length ? [] : ["resources: at least one is needed"];
  const names = new Set<string>();
  for (const [i, { resources: covered, providers }] of resources.entries()) {
    const at = `resources[${i}]`;
    if (covered.length === 0) found.push(`${at}.resources: at least one is needed`);
    if (providers.length === 0) found.push(`${at}.providers: at least one is needed`);
    for (const [j, resource] of covered.entries()) {
      const wrong = resourceProblem(resource);
      if (wrong) found.push(`${at}.resources[${j}]: ${JSON.stringify(resource)}: ${wrong}`);
    }
    for (const [j, one] of providers.entries()) found.push(...providerProblems(one, `${at}.providers[${j}]`, names));
  }
  return found;
}

function resourceProblem(resource: string): string | undefined {
  if (resource === "") return "a name is needed";
  if (resource === "*") return "use *.* for all resources";
  if (resource !== resource.toLowerCase()) return "names are in lower case";
  if (resource.includes("/")) return "subresources are not stored";
  return undefined;
}

function providerProblems(one: Provider, at: string, names: Set<string>): string[] {
  const kinds = kindsOf(one);
  if (kinds.length !== 1) return [`${at}: exactly one kind of provider is needed`];
  const [kind] = kinds as [ProviderKind];
  if (kind === "kms") return kmsProblems(one.kms as NonNullable<Provider["kms"]>, `${at}.kms`, names);
  const sizes = KEY_SIZES[kind];
  if (!sizes) return [];
  const given = (one[kind] as { keys: readonly { name: string; secret: string }[] }).keys;
  const found = given.length ? [] : [`${at}.${kind}.keys: at least one is needed`];
  for (const [i, { name, secret }] of given.entries()) {
    if (!name) found.push(`${at}.${kind}.keys[${i}].name: a name is needed`);
    // The secret itself is never told.
    const size = Buffer.from(secret, "base64").length;
    if (!sizes.includes(size))
      found.push(`${at}.${kind}.keys[${i}].secret: must be ${sizes.join(", ")} bytes in base64, not ${size}`);
  }
  return found;
}

function kmsProblems(
  { apiVersion, name, endpoint }: NonNullable<Provider["kms"]>,
  at: string,
  names: Set<string>,
): string[] {
  const found: string[] = [];
  if (apiVersion !== "v2") found.push(`${at}.apiVersion: must be "v2": v1 is off by default in Kubernetes v1.36`);
  if (!name) found.push(`${at}.name: a name is needed`);
  if (name.includes(":")) found.push(`${at}.name: must not contain a colon`);
  if (names.has(name)) found.push(`${at}.name: ${JSON.stringify(name)} is used twice`);
  names.add(name);
  if (!endpoint.startsWith("unix://")) found.push(`${at}.endpoint: must be a unix socket: unix:///path`);
  return found;
}

export const kindsOf = (one: Provider): ProviderKind[] =>
  (Object.keys(one) as ProviderKind[]).filter((kind) => one[kind] !== undefined);
