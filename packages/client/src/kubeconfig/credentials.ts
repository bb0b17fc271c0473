/**
 * Who a request says it is from: a token that stands in the configuration, in a file, or comes from a program; or a name and password.
 * Holds: a token of a file is read again each minute, as it is replaced before it expires, and the last one is used while the file cannot
 * be read; a program is asked again when what it gave expires, and after the server refused it.
 */
import { type ExecCredential, type ExecSource, runExecPlugin } from "./exec-plugin.ts";
import { KubeconfigError, type UserEntry } from "./kubeconfig.ts";
import type { Reading } from "./reading.ts";

export interface ClientCertificate {
  readonly cert: string;
  readonly key: string;
}

export interface Credentials {
  /** The Authorization header, if there is one. */
  authorization(): Promise<string | undefined>;
  /** In PEM; may be another later, where a program gives it. */
  certificate(): Promise<ClientCertificate | undefined>;
  /** The server said 401 to what these gave: true when another try may do better. */
  refused(): boolean;
}

export async function credentialsOf(
  user: UserEntry,
  exec: Omit<ExecSource, "entry">,
  reading: Reading,
): Promise<Credentials> {
  if (user["auth-provider"])
    throw new KubeconfigError(
      `no Auth Provider found for name "${user["auth-provider"].name}": auth providers have been removed from Kubernetes; use an exec plugin`,
    );
  if (user.exec) return new ExecCredentials({ ...exec, entry: user.exec }, reading);
  const certificate = await certificateOf(user, reading);
  const token = user.tokenFile ? new FileToken(user.tokenFile, user.token, reading) : undefined;
  const fixed = user.token ? `Bearer ${user.token}` : basic(user);
  return {
    authorization: async () => (token ? `Bearer ${await token.read()}` : fixed),
    certificate: async () => certificate,
    refused: () => token?.forget() ?? false,
  };
}

function basic({ username, password = "" }: UserEntry): string | undefined {
  return username ? `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}` : undefined;
}

async function certificateOf(user: UserEntry, reading: Reading): Promise<ClientCertificate | undefined> {
  const cert = await inlineOrFile(
    user["client-certificate-data"],
    user["client-certificate"],
    "client-certificate",
    reading,
  );
  const key = await inlineOrFile(user["client-key-data"], user["client-key"], "client-key", reading);
  if (cert && key) return { cert, key };
  if (cert)
    throw new KubeconfigError(
      "client-certificate is set without client-key: set client-key or client-key-data as well",
    );
  if (key)
    throw new KubeconfigError(
      "client-key is set without client-certificate: set client-certificate or client-certificate-data as well",
    );
  return undefined;
}

/** Data that stands in the file in base64 goes before a file's. */
export async function inlineOrFile(
  data: string | undefined,
  path: string | undefined,
  field: string,
  { readText }: Reading,
): Promise<string | undefined> {
  if (data) return Buffer.from(data, "base64").toString("utf8");
  if (!path) return undefined;
  try {
    return await readText(path);
  } catch (error) {
    throw new KubeconfigError(`unable to read ${field} ${path}`, { cause: error });
  }
}

const REREAD_MS = 60_000;

/** A token of a file, such as the projected one of a service account. */
export class FileToken {
  readonly #path: string;
  readonly #reading: Reading;
  #token: string | undefined;
  #readAt = Number.NEGATIVE_INFINITY;

  constructor(path: string, initial: string | undefined, reading: Reading) {
    this.#path = path;
    this.#token = initial;
    this.#reading = reading;
  }

  async read(): Promise<string> {
    const { clock, readText } = this.#reading;
    if (this.#token !== undefined && clock.monotonic() - this.#readAt < REREAD_MS) return this.#token;
    try {
      const token = (await readText(this.#path)).trim();
      if (token === "") throw new KubeconfigError(`read empty token from file "${this.#path}"`);
      this.#token = token;
      this.#readAt = clock.monotonic();
      return token;
    } catch (error) {
      if (this.#token !== undefined) return this.#token;
      throw new KubeconfigError(`failed to read token file "${this.#path}"`, { cause: error });
    }
  }

  /** Reads the file anew next time. */
  forget(): boolean {
    const wasRead = this.#readAt !== Number.NEGATIVE_INFINITY;
    this.#readAt = Number.NEGATIVE_INFINITY;
    return wasRead;
  }
}

class ExecCredentials implements Credentials {
  readonly #source: ExecSource;
  readonly #reading: Reading;
  #given: ExecCredential | undefined;
  #asking: Promise<ExecCredential> | undefined;

  constructor(source: ExecSource, reading: Reading) {
    this.#source = source;
    this.#reading = reading;
  }

  async authorization(): Promise<string | undefined> {
    const { token } = await this.#current();
    return token && `Bearer ${token}`;
  }

  async certificate(): Promise<ClientCertificate | undefined> {
    return (await this.#current()).certificate;
  }

  refused(): boolean {
    this.#given = undefined;
    return true;
  }

  /** The program runs once for all who wait for it. */
  async #current(): Promise<ExecCredential> {
    const { clock } = this.#reading;
    const { expiresAt = Number.POSITIVE_INFINITY } = this.#given ?? {};
    if (this.#given && clock.now() < expiresAt) return this.#given;
    this.#asking ??= runExecPlugin(this.#source, this.#reading).finally(() => {
      this.#asking = undefined;
    });
    this.#given = await this.#asking;
    return this.#given;
  }
}
