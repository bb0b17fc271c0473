/** What the four plugins that ask webhooks or carry out policies are configured by: a folder of manifests, and who the server is to webhooks. */
import { isAbsolute } from "node:path";
import { ConfigError, object, str } from "@kubets/machinery/config-file";
import { WebhookUsers } from "../../webhooks/webhook-users.ts";
import { type PluginConfiguration, readConfiguration } from "../configuration.ts";
import { type Kind, ManifestFolder } from "./manifest-folder.ts";

const ofWebhooks = object({ staticManifestsDir: str(), kubeConfigFile: str() });
const WEBHOOK_KINDS = {
  "apiserver.config.k8s.io/v1/WebhookAdmissionConfiguration": ofWebhooks,
  "apiserver.config.k8s.io/v1alpha1/WebhookAdmission": ofWebhooks,
} as const;

interface WebhookConfiguration {
  readonly manifests?: ManifestFolder | undefined;
  readonly users?: WebhookUsers | undefined;
}

export function webhookConfiguration(
  plugin: string,
  given: PluginConfiguration | undefined,
  kind: Kind,
): WebhookConfiguration {
  const config = readConfiguration(given, WEBHOOK_KINDS);
  if (!given || !config) return {};
  const { kubeConfigFile: file, staticManifestsDir } = config;
  if (file && !isAbsolute(file))
    throw new ConfigError(`${given.from}: kubeConfigFile: Invalid value: "${file}": must be an absolute file path`);
  return {
    manifests: folderOf(plugin, given, staticManifestsDir, [kind]),
    users: file ? WebhookUsers.of(file, `${given.from}: kubeConfigFile`) : undefined,
  };
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
