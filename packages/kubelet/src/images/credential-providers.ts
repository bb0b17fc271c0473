/**
 * Credentials that programs of the node hand out for images (`--image-credential-provider-config`), kept for as long as they say.
 * Holds: of the same question there is one program under way; a program that fails gives no credentials and is told of in the log: the pull is tried without.
 */
import { createHash } from "node:crypto";
import { serviceaccounts } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { Client } from "@kubets/client/client";
import type { Clock, Logger } from "@kubets/machinery";
import { parseDuration } from "@kubets/machinery/duration";
import type { ServiceAccountTokens } from "../volumes/tokens.ts";
import type { CredentialProvider } from "./credential-provider-config.ts";
import { repositoryOf } from "./image-name.ts";
import {
  credentialsAmong,
  type DockerEntries,
  type Keyring,
  matchesImage,
  type PullCredential,
} from "./pull-secrets.ts";

export interface CredentialRequest {
  readonly image: string;
  readonly serviceAccountToken?: string;
  readonly serviceAccountAnnotations?: Readonly<Record<string, string>>;
}

export interface CredentialAnswer {
  readonly cacheKeyType: string;
  readonly cacheDuration?: string;
  readonly auth?: DockerEntries | null;
}

/** Asks a provider's program; rejects when it fails. */
export type AskProvider = (provider: CredentialProvider, request: CredentialRequest) => Promise<CredentialAnswer>;

export interface CredentialProvidersOptions {
  readonly providers: readonly CredentialProvider[];
  readonly ask: AskProvider;
  readonly client: Pick<Client, "get">;
  readonly tokens: Pick<ServiceAccountTokens, "get">;
  readonly clock: Clock;
  readonly log: Logger;
}

interface Kept {
  readonly entries: DockerEntries;
  readonly until: number;
}

const TOKEN_SECONDS = 3600;

export class CredentialProviders {
  readonly #options: CredentialProvidersOptions;
  readonly #kept = new Map<string, Kept>();
  readonly #asking = new Map<string, Promise<DockerEntries>>();

  constructor(options: CredentialProvidersOptions) {
    this.#options = options;
  }

  async find(image: string, pod: Pod): Promise<PullCredential[]> {
    const repository = repositoryOf(image);
    const fitting = this.#options.providers.filter(({ matchImages }) =>
      matchImages.some((match) => matchesImage(match, repository)),
    );
    const keyrings = await Promise.all(fitting.map((provider) => this.#keyringOf(provider, image, pod)));
    return credentialsAmong(image, keyrings);
  }

  async #keyringOf(provider: CredentialProvider, image: string, pod: Pod): Promise<Keyring> {
    try {
      const account = await this.#accountOf(provider, pod);
      const scope = `${provider.name}|${account?.cacheKey ?? ""}|`;
      const known = keysFor(image).map((key) => this.#kept.get(scope + key));
      const fresh = known.find((kept) => kept && kept.until > this.#options.clock.now());
      const of = account && { serviceAccount: account.id };
      if (fresh) return { entries: fresh.entries, ...of };
      const question = scope + image;
      const asking = this.#asking.get(question) ?? this.#ask(provider, scope, { image, ...account?.request });
      this.#asking.set(question, asking);
      return { entries: await asking.finally(() => this.#asking.delete(question)), ...of };
    } catch (error) {
      this.#options.log.warn("a credential provider gave nothing", { provider: provider.name, image, error });
      return { entries: {} };
    }
  }

  async #ask(provider: CredentialProvider, scope: string, request: CredentialRequest): Promise<DockerEntries> {
    const { ask, clock } = this.#options;
    const answer = await ask(provider, request);
    const entries = answer.auth ?? {};
    const ms = answer.cacheDuration === undefined ? provider.defaultCacheDuration : parseDuration(answer.cacheDuration);
    const key = keyOfType(answer.cacheKeyType, request.image);
    for (const [name, { until }] of this.#kept) if (until <= clock.now()) this.#kept.delete(name);
    if (ms > 0) this.#kept.set(scope + key, { entries, until: clock.now() + ms });
    return entries;
  }

  /** Who the pod is, for a provider that wants to know. */
  async #accountOf({ tokenAttributes }: CredentialProvider, pod: Pod) {
    if (!tokenAttributes) return undefined;
    const name = pod.spec.serviceAccountName;
    if (!name) {
      if (tokenAttributes.requireServiceAccount) throw new Error("the pod has no service account");
      return undefined;
    }
    const { requiredServiceAccountAnnotationKeys: required, optionalServiceAccountAnnotationKeys: optional } =
      tokenAttributes;
    const { metadata } = await this.#options.client.get(serviceaccounts, { namespace: pod.metadata.namespace, name });
    const annotations: Record<string, string> = {};
    for (const key of [...required, ...optional]) {
      const value = metadata.annotations?.[key];
      if (value !== undefined) annotations[key] = value;
      else if (required.includes(key)) throw new Error(`the service account ${name} lacks the annotation ${key}`);
    }
    const audience = tokenAttributes.serviceAccountTokenAudience;
    const token = await this.#options.tokens.get(pod, { audience, expirationSeconds: TOKEN_SECONDS });
    const who =
      tokenAttributes.cacheType === "Token"
        ? createHash("sha256").update(token).digest("hex")
        : `${metadata.uid}|${JSON.stringify(annotations)}`;
    const id = { uid: metadata.uid, namespace: pod.metadata.namespace, name };
    return { id, cacheKey: who, request: { serviceAccountToken: token, serviceAccountAnnotations: annotations } };
  }
}

const registryOf = (image: string): string => repositoryOf(image).split("/")[0] ?? "";

function keyOfType(type: string, image: string): string {
  if (type === "Image") return `image ${image}`;
  if (type === "Registry") return `registry ${registryOf(image)}`;
  if (type === "Global") return "global";
  throw new Error(`cacheKeyType must be Image, Registry or Global, not ${JSON.stringify(type)}`);
}

const keysFor = (image: string): string[] => ["Image", "Registry", "Global"].map((type) => keyOfType(type, image));
