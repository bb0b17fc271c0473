/** The file of --authorization-config (apiserver.config.k8s.io AuthorizationConfiguration): the authorizers in order, with several webhooks. */
import {
  bool,
  ConfigError,
  choice,
  duration,
  type Infer,
  list,
  loadConfigFile,
  object,
  optional,
  str,
} from "@kubets/machinery/config-file";
import { configurationKinds } from "../configuration-kinds.ts";
import { compileConditions } from "./webhook/match-conditions.ts";

const MINUTE_MS = 60_000;

const webhook = object({
  authorizedTTL: duration(5 * MINUTE_MS),
  unauthorizedTTL: duration(MINUTE_MS / 2),
  cacheAuthorizedRequests: bool(true),
  cacheUnauthorizedRequests: bool(true),
  timeout: duration(0),
  subjectAccessReviewVersion: str(),
  matchConditionSubjectAccessReviewVersion: str(),
  failurePolicy: str(),
  connectionInfo: object({
    type: choice(["KubeConfigFile", "InClusterConfig"], "InClusterConfig"),
    kubeConfigFile: str(),
  }),
  matchConditions: list(object({ expression: str() })),
});

const configuration = object({
  authorizers: list(object({ type: str(), name: str(), webhook: optional(webhook) })),
});

type AuthorizationConfiguration = Infer<typeof configuration>;
export type AuthorizerConfiguration = AuthorizationConfiguration["authorizers"][number];
export type WebhookConfiguration = Infer<typeof webhook>;

const TYPES = ["ABAC", "AlwaysAllow", "AlwaysDeny", "Node", "RBAC", "Webhook"];
const LONGEST_MS = 30_000;
const KINDS = configurationKinds("AuthorizationConfiguration", configuration);

/** With the text of the file. */
export function loadAuthorizationConfiguration(path: string): AuthorizationConfiguration & { readonly text: string } {
  const { config, text } = loadConfigFile(path, KINDS);
  const problems = problemsOf(config);
  if (problems.length) throw new ConfigError(`${path}: ${problems.join("; ")}`);
  return { ...config, text };
}

function problemsOf({ authorizers }: AuthorizationConfiguration): string[] {
  if (authorizers.length === 0) return ["authorizers: at least one authorization mode must be defined"];
  const [types, names] = [new Set<string>(), new Set<string>()];
  return authorizers.flatMap(({ type, name, webhook: options }, i) => {
    const at = `authorizers[${i}]`;
    const found: string[] = [];
    if (!TYPES.includes(type)) found.push(`${at}.type: ${JSON.stringify(type)} is not one of ${TYPES.join(", ")}`);
    if (type !== "Webhook" && types.has(type)) found.push(`${at}.type: ${type} is used twice`);
    if (!name) found.push(`${at}.name: a name is needed`);
    if (names.has(name)) found.push(`${at}.name: ${JSON.stringify(name)} is used twice`);
    types.add(type);
    names.add(name);
    if (type !== "Webhook" && options) found.push(`${at}.webhook: only for authorizers of type Webhook`);
    if (type === "Webhook" && !options) found.push(`${at}.webhook: required for authorizers of type Webhook`);
    return [...found, ...(options ? webhookProblems(options, `${at}.webhook`) : [])];
  });
}

function webhookProblems(options: WebhookConfiguration, at: string): string[] {
  const { timeout, failurePolicy, subjectAccessReviewVersion: version, connectionInfo, matchConditions } = options;
  const found: string[] = [];
  if (timeout <= 0) found.push(`${at}.timeout: required, and above 0`);
  if (timeout > LONGEST_MS) found.push(`${at}.timeout: must be 30s or less`);
  if (failurePolicy !== "NoOpinion" && failurePolicy !== "Deny")
    found.push(`${at}.failurePolicy: must be NoOpinion or Deny`);
  if (version !== "v1" && version !== "v1beta1") found.push(`${at}.subjectAccessReviewVersion: must be v1 or v1beta1`);
  if (connectionInfo.type === "KubeConfigFile" && !connectionInfo.kubeConfigFile)
    found.push(`${at}.connectionInfo.kubeConfigFile: required when type is KubeConfigFile`);
  const conditions = compileConditions(matchConditions.map(({ expression }) => expression));
  if (typeof conditions !== "function") found.push(...conditions.wrong.map((why) => `${at}.matchConditions: ${why}`));
  return found;
}
