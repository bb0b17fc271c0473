/** Authentication by somebody else, at work: issuers of tokens and who may be anonymous, from flags or from a file that may change; a token webhook. */
import type { Clock, Logger, Random } from "@kubets/machinery";
import { ConfigError } from "@kubets/machinery/config-file";
import type { FlagValues } from "@kubets/machinery/flags";
import type { Egress } from "../egress/egress.ts";
import { followFile } from "../followed-file.ts";
import type { FileMetrics } from "../metrics/reload-metrics.ts";
import type { ServerMetrics } from "../metrics/server-metrics.ts";
import { openWebhook, type Webhook } from "../webhook/webhook.ts";
import type { Authenticator } from "./authenticator.ts";
import type { AnonymousOptions } from "./chain.ts";
import { type AuthenticationConfiguration, loadAuthenticationConfiguration } from "./configuration.ts";
import type { authenticationFlags } from "./flags.ts";
import { jwtAuthenticator } from "./jwt/authenticator.ts";
import { issuerFromFlags } from "./jwt/from-flags.ts";
import type { IssuerOptions } from "./jwt/issuer.ts";
import { tokenWebhookAuthenticator } from "./token-webhook.ts";

type Flags = FlagValues<typeof authenticationFlags>;

interface Parts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: ServerMetrics;
  readonly egress: Egress;
  featureEnabled(name: string): boolean;
}

export interface ExternalAuthentication {
  authenticators(audiences: readonly string[]): readonly Authenticator[];
  /** What the file says of requests without credentials, if it says anything. */
  anonymous(): AnonymousOptions | undefined;
  close(): void;
}

/** Rejects when a flag or a file is wrong. */
export async function externalAuthentication(flags: Flags, parts: Parts): Promise<ExternalAuthentication> {
  const path = flags["authentication-config"];
  const fromFlags = issuerFromFlags(flags);
  if (path && fromFlags) throw new ConfigError("--authentication-config and --oidc-* must not be given together");
  const file = path ? new ConfiguredIssuers(path, parts) : undefined;
  const kubeconfig = flags["authentication-token-webhook-config-file"];
  const webhook = kubeconfig
    ? await openWebhook({ kubeconfig, ...parts, dialer: parts.egress.controlplane })
    : undefined;
  return {
    authenticators: (audiences) => [
      ...(file ? [file.authenticator] : fromFlags ? [tokensOf([fromFlags], parts)] : []),
      ...(webhook ? [webhookAuthenticator(webhook, flags, parts, audiences)] : []),
    ],
    anonymous: () => file?.current.anonymous,
    close() {
      file?.close();
      webhook?.close();
    },
  };
}

const tokensOf = (issuers: readonly IssuerOptions[], { clock, metrics, egress }: Parts): Authenticator =>
  jwtAuthenticator(issuers, clock, metrics.authentication, egress);

function webhookAuthenticator(
  webhook: Webhook,
  flags: Flags,
  { clock, metrics }: Parts,
  audiences: readonly string[],
): Authenticator {
  const version = flags["authentication-token-webhook-version"];
  const cacheMs = flags["authentication-token-webhook-cache-ttl"];
  return tokenWebhookAuthenticator({ webhook, version, cacheMs, clock, audiences, metrics: metrics.authentication });
}

/** The issuers of a file, taken up again when it changes; a file that is wrong changes nothing, and is told of. */
class ConfiguredIssuers {
  readonly #path: string;
  readonly #parts: Parts;
  readonly #told: FileMetrics;
  readonly #unfollow: () => void;
  current: AuthenticationConfiguration;
  #tokens: Authenticator;

  constructor(path: string, parts: Parts) {
    this.#path = path;
    this.#parts = parts;
    this.#told = parts.metrics.reloads.of("authentication", parts.clock.now);
    this.current = loadAuthenticationConfiguration(path, parts);
    this.#tokens = tokensOf(this.current.issuers, parts);
    this.#told.inForce(this.current.text);
    this.#unfollow = followFile(path, parts.clock, () => this.#reload());
  }

  readonly authenticator: Authenticator = {
    name: "jwt",
    authenticate: (credentials) => this.#tokens.authenticate(credentials),
  };

  close(): void {
    this.#unfollow();
  }

  #reload(): void {
    try {
      this.current = loadAuthenticationConfiguration(this.#path, this.#parts);
      this.#tokens = tokensOf(this.current.issuers, this.#parts);
      this.#told.reloaded();
      this.#told.inForce(this.current.text);
      this.#parts.log.info("the authentication configuration was taken up again", { file: this.#path });
    } catch (error) {
      this.#told.reloaded(error);
      this.#parts.log.error("the authentication configuration is wrong; the one before stays in force", {
        file: this.#path,
        error,
      });
    }
  }
}
