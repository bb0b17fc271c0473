/** How the four plugins that ask webhooks or carry out policies are told of a folder of manifests: by a configuration that says little else. */
import { ConfigError, object, str } from "@kubets/machinery/config-file";
import { type PluginConfiguration, readConfiguration } from "../configuration.ts";
import { type Kind, ManifestFolder } from "./manifest-folder.ts";

const ofWebhooks = object({ staticManifestsDir: str(), kubeConfigFile: str() });
const WEBHOOK_KINDS = {
  "apiserver.config.k8s.io/v1/WebhookAdmissionConfiguration": ofWebhooks,
  "apiserver.config.k8s.io/v1alpha1/WebhookAdmission": ofWebhooks,
} as const;

export function webhookManifests(
  plugin: string,
  given: PluginConfiguration | undefined,
  kind: Kind,
): ManifestFolder | undefined {
  const config = readConfiguration(given, WEBHOOK_KINDS);
  if (!given || !config) return undefined;
  if (config.kubeConfigFile)
    throw new ConfigError(`${given.from}: kubeConfigFile: webhooks are asked without credentials; leave it empty`);
  return folderOf(plugin, given, config.staticManifestsDir, [kind]);
}

const ofPolicies = object({ staticManifestsDir: str() });

export function policyManifests(
  plugin: "MutatingAdmissionPolicy" | "ValidatingAdmissionPolicy",
  given: PluginConfiguration | undefined,
  kinds: readonly Kind[],
): ManifestFolder | undefined {
  const config = readConfiguration(given, { [`apiserver.config.k8s.io/v1/${plugin}Configuration`]: ofPolicies });
  return given && config && folderOf(plugin, given, config.staticManifestsDir, kinds);
}

const folderOf = (plugin: string, { from }: PluginConfiguration, path: string, kinds: readonly Kind[]) =>
  path ? new ManifestFolder(plugin, path, from, kinds) : undefined;
