/** What namespaces without labels demand, and who and what is left alone (pod-security.admission.config.k8s.io PodSecurityConfiguration). */
import { ConfigError, list, object, str } from "@kubets/machinery/config-file";
import { type PluginConfiguration, readConfiguration } from "../../configuration.ts";
import { type Policy, policyOf } from "./policy.ts";

const shape = object({
  defaults: object({
    enforce: str(),
    "enforce-version": str(),
    audit: str(),
    "audit-version": str(),
    warn: str(),
    "warn-version": str(),
  }),
  exemptions: object({ usernames: list(str()), runtimeClasses: list(str()), namespaces: list(str()) }),
});

const KINDS = {
  "pod-security.admission.config.k8s.io/v1/PodSecurityConfiguration": shape,
  "pod-security.admission.config.k8s.io/v1beta1/PodSecurityConfiguration": shape,
} as const;

export interface PodSecurityOptions {
  /** As labels of a namespace would say it. */
  readonly defaults: Readonly<Record<string, string>>;
  readonly defaultPolicy: Policy;
  readonly usernames: ReadonlySet<string>;
  readonly runtimeClasses: ReadonlySet<string>;
  readonly namespaces: ReadonlySet<string>;
}

export function podSecurityOptions(given: PluginConfiguration | undefined): PodSecurityOptions {
  const config = readConfiguration(given, KINDS);
  const said = Object.entries(config?.defaults ?? {}).filter(([, value]) => value);
  const defaults = Object.fromEntries(said.map(([key, value]) => [`pod-security.kubernetes.io/${key}`, value]));
  const { policy, errors } = policyOf(defaults);
  if (errors.length)
    throw new ConfigError(
      `${given?.from}: defaults: ${errors.map(({ field, detail }) => `${field}: ${detail}`).join("; ")}`,
    );
  const { usernames = [], runtimeClasses = [], namespaces = [] } = config?.exemptions ?? {};
  return {
    defaults,
    defaultPolicy: policy,
    usernames: new Set(usernames),
    runtimeClasses: new Set(runtimeClasses),
    namespaces: new Set(namespaces),
  };
}
