/**
 * Who the server is to webhooks: a user of a kubeconfig that is named after the webhook's host and port, after its host where the port is 443,
 * after a domain above it ("*.example.com"), or "*" for all others; else that of the current context.
 */
import { readFileSync } from "node:fs";
import { impersonation } from "@kubets/client/kubeconfig/connection";
import { type Credentials, credentialsOf } from "@kubets/client/kubeconfig/credentials";
import { type Kubeconfig, parseKubeconfig } from "@kubets/client/kubeconfig/kubeconfig";
import { machineReading } from "@kubets/client/kubeconfig/reading";
import { ConfigError } from "@kubets/machinery/config-file";
import { joinHostPort } from "@kubets/machinery/ip";

interface WebhookUser {
  readonly credentials: Credentials;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
}

export class WebhookUsers {
  readonly #config: Kubeconfig;
  readonly #opened = new Map<string, Promise<WebhookUser>>();

  constructor(config: Kubeconfig) {
    this.#config = config;
  }

  /** By a file; what is wrong with it is told as said in `from`. */
  static of(file: string, from: string): WebhookUsers {
    try {
      return new WebhookUsers(parseKubeconfig(readFileSync(file, "utf8"), file));
    } catch (error) {
      throw new ConfigError(`${from}: ${(error as Error).message}`);
    }
  }

  /** None where no user is meant for that place. */
  async at(host: string, port: number): Promise<WebhookUser | undefined> {
    const name = this.#nameFor(host, port);
    if (name === undefined) return undefined;
    let opened = this.#opened.get(name);
    if (!opened) {
      opened = this.#open(name);
      this.#opened.set(name, opened);
      // What could not be read is read again for the next call.
      opened.catch(() => this.#opened.delete(name));
    }
    return opened;
  }

  async #open(name: string): Promise<WebhookUser> {
    const user = this.#config.users.get(name) ?? {};
    const credentials = await credentialsOf(user, { cluster: {}, ca: undefined }, machineReading());
    return { credentials, headers: impersonation(user) };
  }

  #nameFor(host: string, port: number): string | undefined {
    const { users, contexts, currentContext } = this.#config;
    const places = [joinHostPort(host, port), ...(port === 443 ? [host] : [])];
    const current = contexts.get(currentContext)?.user;
    return [...places.flatMap((place) => [place, ...domainsAbove(place)]), "*", current].find(
      (name) => name !== undefined && users.has(name),
    );
  }
}

/** "a.b.c" stands below "*.b.c" and "*.c". */
const domainsAbove = (place: string): string[] => {
  const [, ...labels] = place.split(".");
  return labels.map((_, i) => `*.${labels.slice(i).join(".")}`);
};
