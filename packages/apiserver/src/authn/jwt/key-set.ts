/**
 * The keys of an issuer, as it publishes them (OpenID Connect discovery). Fetched when a token first needs one, and again when a token names a key that
 * is not among them; not more often than once in a while, so that made-up tokens do not become requests to the issuer.
 */
import type { Clock } from "@kubets/machinery";
import { type Dialer, HttpTransport } from "@kubets/wire/transport";
import { type PublishedKey, readKeys, type VerifyingKey } from "./signature.ts";

interface KeySetOptions {
  readonly issuer: string;
  /** Where the issuer is described, when it is not under the issuer's own address. */
  readonly discoveryUrl?: string;
  /** In PEM; the machine's own roots when absent. */
  readonly ca?: string;
  /** Makes the connections; by TCP when absent. */
  readonly dialer?: Dialer | undefined;
  readonly clock: Clock;
  /** Told of each attempt to fetch the keys: what the issuer publishes, if it can be had. */
  readonly told?: (published: string | undefined) => void;
}

const FETCH_AGAIN_MS = 10_000;
const TIMEOUT_MS = 10_000;

export class KeySet {
  readonly #options: KeySetOptions;
  #keys: readonly VerifyingKey[] = [];
  #fetching: Promise<void> | undefined;
  #fetchedAt = Number.NEGATIVE_INFINITY;

  constructor(options: KeySetOptions) {
    this.#options = options;
  }

  /** Keys that may have signed: of that id, or all when the token names none. */
  candidates(id: string | undefined): readonly VerifyingKey[] {
    return id === undefined ? this.#keys : this.#keys.filter((key) => key.id === id);
  }

  /** Undefined when the keys were fetched just now; else resolves when they are here, and rejects when they cannot be had. */
  refresh(): Promise<void> | undefined {
    if (this.#fetching) return this.#fetching;
    const { clock } = this.#options;
    if (clock.monotonic() - this.#fetchedAt < FETCH_AGAIN_MS) return undefined;
    this.#fetchedAt = clock.monotonic();
    const { told } = this.#options;
    const fetched = this.#fetch();
    fetched.then(told, () => told?.(undefined));
    this.#fetching = fetched.then(() => {}).finally(() => (this.#fetching = undefined));
    return this.#fetching;
  }

  /** Resolves with the keys as they are published. */
  async #fetch(): Promise<string> {
    const { issuer, discoveryUrl } = this.#options;
    const described = objectOf(
      await this.#get(discoveryUrl ?? `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`),
    );
    if (described["issuer"] !== issuer)
      throw new Error(
        `oidc: issuer did not match the issuer returned by provider, expected ${JSON.stringify(issuer)} got ${JSON.stringify(described["issuer"])}`,
      );
    const published = await this.#get(String(described["jwks_uri"]));
    this.#keys = readKeys((objectOf(published)["keys"] ?? []) as readonly PublishedKey[]);
    return published;
  }

  async #get(url: string): Promise<string> {
    const { origin, pathname, search, protocol } = new URL(url);
    if (protocol !== "https:") throw new Error(`oidc: ${url} is not an https URL`);
    const { ca, dialer } = this.#options;
    const transport = new HttpTransport({ server: origin, tls: { ...(ca && { ca }) }, dialer });
    try {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const answer = await transport.request({ method: "GET", path: pathname + search, signal });
      const text = Buffer.from(await answer.bytes()).toString();
      if (answer.status !== 200) throw new Error(`oidc: ${url} answered ${answer.status}`);
      return text;
    } finally {
      await transport.close();
    }
  }
}

const objectOf = (text: string) => JSON.parse(text) as Readonly<Record<string, unknown>>;
