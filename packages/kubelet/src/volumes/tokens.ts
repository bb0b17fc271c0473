/**
 * Tokens of service accounts for pods: asked for once, kept, and asked for anew when four fifths of their life (or a day) are over.
 * Holds: a token belongs to one pod and goes with it; when a new one cannot be had the old one serves until it ends.
 */
import { serviceaccounts } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { Client } from "@kubets/client/client";
import type { Clock, Logger } from "@kubets/machinery";
import { parseTime } from "@kubets/machinery/time";

interface Token {
  readonly token: string;
  readonly expirationTimestamp: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
}

interface TokenAnswer {
  readonly status: { readonly token: string; readonly expirationTimestamp: string };
}

interface TokenWish {
  readonly audience?: string;
  readonly expirationSeconds: number;
}

const LONGEST_USE_MS = 24 * 3_600_000;
const SHARE = 0.8;

export class ServiceAccountTokens {
  readonly #client: Pick<Client, "act">;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #tokens = new Map<string, Map<string, Token>>();

  constructor(client: Pick<Client, "act">, clock: Clock, log: Logger) {
    this.#client = client;
    this.#clock = clock;
    this.#log = log;
  }

  async get(pod: Pod, wish: TokenWish): Promise<string> {
    return (await this.find(pod, wish)).token;
  }

  /** With the time at which it ends. */
  async find(pod: Pod, wish: TokenWish): Promise<Pick<Token, "token" | "expirationTimestamp">> {
    const { uid } = pod.metadata;
    const key = `${wish.audience ?? ""}|${wish.expirationSeconds}`;
    const known = this.#tokens.get(uid)?.get(key);
    if (known && this.#clock.now() < this.#refreshAt(known)) return known;
    try {
      const token = await this.#request(pod, wish);
      const ofPod = this.#tokens.get(uid) ?? new Map<string, Token>();
      this.#tokens.set(uid, ofPod.set(key, token));
      return token;
    } catch (error) {
      if (!known || this.#clock.now() >= known.expiresAt) throw error;
      this.#log.warn("the token of a pod could not be renewed", { pod: pod.metadata.name, error });
      return known;
    }
  }

  /** When the first of the pod's tokens wants to be renewed. */
  dueAt(uid: string): number | undefined {
    const dues = [...(this.#tokens.get(uid)?.values() ?? [])].map((token) => this.#refreshAt(token));
    return dues.length > 0 ? Math.min(...dues) : undefined;
  }

  forget(uid: string): void {
    this.#tokens.delete(uid);
  }

  #refreshAt({ issuedAt, expiresAt }: Token): number {
    return Math.min(issuedAt + (expiresAt - issuedAt) * SHARE, issuedAt + LONGEST_USE_MS);
  }

  async #request({ metadata, spec }: Pod, { audience, expirationSeconds }: TokenWish): Promise<Token> {
    const issuedAt = this.#clock.now();
    const key = { namespace: metadata.namespace, name: spec.serviceAccountName || "default" };
    const body = {
      kind: "TokenRequest",
      apiVersion: "authentication.k8s.io/v1",
      metadata: {},
      spec: {
        audiences: audience ? [audience] : [],
        expirationSeconds,
        boundObjectRef: { kind: "Pod", apiVersion: "v1", name: metadata.name, uid: metadata.uid },
      },
    };
    const { status } = await this.#client.act<TokenAnswer>(serviceaccounts, key, "token", body);
    const { token, expirationTimestamp } = status;
    return { token, expirationTimestamp, issuedAt, expiresAt: parseTime(expirationTimestamp) };
  }
}
