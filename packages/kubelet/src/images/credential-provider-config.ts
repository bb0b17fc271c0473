/**
 * Which programs hand out credentials for which images: the file of `--image-credential-provider-config`.
 * Holds: what a program needs to run is there after reading; a file that cannot work is refused with the field that is wrong.
 */
import { isAbsolute } from "node:path";
import * as shape from "@kubets/machinery/config-file";

const API_VERSION = "credentialprovider.kubelet.k8s.io/v1";

const tokenAttributes = shape.object({
  serviceAccountTokenAudience: shape.str(),
  cacheType: shape.choice(["ServiceAccount", "Token"], "Token"),
  requireServiceAccount: shape.bool(false),
  requiredServiceAccountAnnotationKeys: shape.list(shape.str()),
  optionalServiceAccountAnnotationKeys: shape.list(shape.str()),
});

const provider = shape.object({
  name: shape.str(),
  matchImages: shape.list(shape.str()),
  defaultCacheDuration: shape.duration(0),
  apiVersion: shape.choice(
    [API_VERSION, "credentialprovider.kubelet.k8s.io/v1beta1", "credentialprovider.kubelet.k8s.io/v1alpha1"],
    API_VERSION,
  ),
  args: shape.list(shape.str()),
  env: shape.list(shape.object({ name: shape.str(), value: shape.str() })),
  tokenAttributes: shape.optional(tokenAttributes),
});

export type CredentialProvider = shape.Infer<typeof provider>;

const file = shape.object({ providers: shape.list(provider) });
const kinds = Object.fromEntries(
  ["v1", "v1beta1", "v1alpha1"].map((version) => [`kubelet.config.k8s.io/${version}/CredentialProviderConfig`, file]),
) as Record<"kubelet.config.k8s.io/v1/CredentialProviderConfig", typeof file>;

export const loadCredentialProviders = (path: string): readonly CredentialProvider[] =>
  checked(shape.loadConfigFile(path, kinds).config.providers, path);

export const parseCredentialProviders = (text: string, name = "CredentialProviderConfig") =>
  checked(shape.parseConfig(text, name, kinds).config.providers, name);

function checked(providers: readonly CredentialProvider[], where: string): readonly CredentialProvider[] {
  const fail = (why: string) => new shape.ConfigError(`${where}: ${why}`);
  if (providers.length === 0) throw fail("at least 1 item in providers is required");
  const names = new Set<string>();
  for (const { name, matchImages, tokenAttributes: attributes } of providers) {
    if (!name) throw fail("providers.name is required");
    if (/[/\\\s]|^\.\.?$/.test(name) || isAbsolute(name))
      throw fail(`providers.name ${JSON.stringify(name)} must be the name of a file in the folder of the programs`);
    if (names.has(name)) throw fail(`providers.name ${JSON.stringify(name)} stands there twice`);
    names.add(name);
    if (matchImages.length === 0) throw fail(`providers.matchImages of ${name}: at least 1 item is required`);
    if (attributes && !attributes.serviceAccountTokenAudience)
      throw fail(`providers.tokenAttributes.serviceAccountTokenAudience of ${name} is required`);
  }
  return providers;
}
