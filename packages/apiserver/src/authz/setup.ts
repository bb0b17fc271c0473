/** From flags, or a file that may change, to the authorizers in order. Modes are named; webhooks and policies of files are made here. */
import type { Clock, Logger, Random } from "@kubets/machinery";
import { ConfigError } from "@kubets/machinery/config-file";
import type { FlagValues } from "@kubets/machinery/flags";
import type { Egress } from "../egress/egress.ts";
import { followFile } from "../followed-file.ts";
import type { ServerMetrics } from "../metrics/server-metrics.ts";
import { openWebhook } from "../webhook/webhook.ts";
import { abacAuthorizer, loadPolicies } from "./abac.ts";
import type { Authorizer } from "./authorizer.ts";
import {
  type AuthorizerConfiguration,
  loadAuthorizationConfiguration,
  type WebhookConfiguration,
} from "./configuration.ts";
import type { authorizationFlags } from "./flags.ts";
import { type AuthorizerChoice, authorizationModes } from "./modes.ts";
import { webhookAuthorizer } from "./webhook/authorizer.ts";
import { compileConditions } from "./webhook/match-conditions.ts";

type Flags = FlagValues<typeof authorizationFlags>;

interface Parts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: ServerMetrics;
  readonly egress: Egress;
}

interface ConfiguredAuthorization {
  readonly choices: readonly AuthorizerChoice[];
  /** Calls `use` with what the file says when it changes. Returns what ends that. */
  follow(use: (choices: readonly AuthorizerChoice[]) => void): () => void;
}

/** Rejects when a flag or a file is wrong. `given` are the names of flags that were given. */
export async function configuredAuthorization(flags: Flags, parts: Parts): Promise<ConfiguredAuthorization> {
  const path = flags["authorization-config"];
  if (!path) {
    const choices = await Promise.all(flags["authorization-mode"].map((mode) => choiceOf(mode, flags, parts)));
    return { choices, follow: () => () => {} };
  }
  const told = parts.metrics.reloads.of("authorization", parts.clock.now);
  const read = async () => {
    const { authorizers, text } = loadAuthorizationConfiguration(path);
    return { choices: await Promise.all(authorizers.map((one) => configured(one, flags, parts))), text };
  };
  const { choices, text } = await read();
  told.inForce(text);
  return {
    choices,
    follow: (use) =>
      followFile(path, parts.clock, () => {
        read()
          .then((next) => {
            use(next.choices);
            told.reloaded();
            told.inForce(next.text);
            parts.log.info("the authorization configuration was taken up again", { file: path });
          })
          .catch((error: unknown) => {
            told.reloaded(error);
            parts.log.error("the authorization configuration is wrong; the one before stays in force", {
              file: path,
              error,
            });
          });
      }),
  };
}

async function choiceOf(mode: string, flags: Flags, parts: Parts): Promise<AuthorizerChoice> {
  if (mode === "ABAC") return abac(flags);
  if (mode === "Webhook") {
    const kubeconfig = flags["authorization-webhook-config-file"];
    if (!kubeconfig) throw new ConfigError("--authorization-mode=Webhook needs --authorization-webhook-config-file");
    return webhookAuthorizer({
      name: "default",
      webhook: await openWebhook({ kubeconfig, ...parts, dialer: parts.egress.controlplane }),
      version: flags["authorization-webhook-version"],
      authorizedMs: flags["authorization-webhook-cache-authorized-ttl"],
      unauthorizedMs: flags["authorization-webhook-cache-unauthorized-ttl"],
      failurePolicy: "NoOpinion",
      clock: parts.clock,
      metrics: parts.metrics.authorization,
    });
  }
  const known = authorizationModes.find((each) => each === mode);
  if (known) return known;
  const modes = [...authorizationModes, "ABAC", "Webhook"].join(", ");
  throw new ConfigError(`--authorization-mode: there is no mode ${JSON.stringify(mode)}; there are ${modes}`);
}

async function configured(
  { type, name, webhook }: AuthorizerConfiguration,
  flags: Flags,
  parts: Parts,
): Promise<AuthorizerChoice> {
  if (type !== "Webhook") return await choiceOf(type, flags, parts);
  const options = webhook as WebhookConfiguration;
  const { connectionInfo, timeout, cacheAuthorizedRequests, cacheUnauthorizedRequests } = options;
  const conditions = compileConditions(options.matchConditions.map(({ expression }) => expression));
  return webhookAuthorizer({
    name,
    ...(typeof conditions === "function" && { conditions }),
    webhook: await openWebhook({
      kubeconfig: connectionInfo.kubeConfigFile,
      timeoutMs: timeout,
      tries: 1,
      ...parts,
      dialer: parts.egress.controlplane,
    }),
    version: options.subjectAccessReviewVersion,
    authorizedMs: cacheAuthorizedRequests ? options.authorizedTTL : 0,
    unauthorizedMs: cacheUnauthorizedRequests ? options.unauthorizedTTL : 0,
    failurePolicy: options.failurePolicy as "NoOpinion" | "Deny",
    clock: parts.clock,
    metrics: parts.metrics.authorization,
  });
}

function abac(flags: Flags): Authorizer {
  const path = flags["authorization-policy-file"];
  if (!path) throw new ConfigError("--authorization-mode=ABAC needs --authorization-policy-file");
  return abacAuthorizer(loadPolicies(path));
}
