/**
 * Asks kubelets what is used, when somebody wants to know: nothing is asked while nobody does. A rate takes two scrapes: the last one counts as the
 * first of them if it is not too old, else a second one follows after a moment.
 */
import { request } from "node:https";
import type { Node } from "@kubets/api/generated/types/core-v1";
import { type Clock, type Logger, sleep } from "@kubets/machinery";
import { parseScrape, type Scrape, type Usage, usageBetween } from "./usage.ts";

interface ScraperOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** Who asks, and whom it believes. */
  /** As they are now: certificates are renewed. */
  tls(): { readonly cert: string; readonly key: string; readonly ca: string };
}

const FRESH_MS = 10_000;
const OLDEST_FIRST_MS = 90_000;
const BETWEEN_MS = 1000;
const PATIENCE_MS = 8000;
const LARGEST_ANSWER = 32 * 1024 * 1024;

interface Known {
  last: Scrape;
  usage: ReadonlyMap<string, Usage>;
}

export class Scraper {
  readonly #options: ScraperOptions;
  readonly #known = new Map<string, Known>();
  readonly #asking = new Map<string, Promise<ReadonlyMap<string, Usage>>>();

  constructor(options: ScraperOptions) {
    this.#options = options;
  }

  /** Of the node ("node") and its containers ("namespace/pod/container"); empty when its kubelet does not answer. */
  async usage(node: Node): Promise<ReadonlyMap<string, Usage>> {
    const { name } = node.metadata;
    const known = this.#known.get(name);
    if (known && this.#age(known) < FRESH_MS && known.usage.size > 0) return known.usage;
    let asking = this.#asking.get(name);
    if (!asking) {
      asking = this.#measure(node, known).finally(() => this.#asking.delete(name));
      this.#asking.set(name, asking);
    }
    return await asking;
  }

  forget(nodes: ReadonlySet<string>): void {
    for (const name of this.#known.keys()) if (!nodes.has(name)) this.#known.delete(name);
  }

  #age({ last }: Known): number {
    return this.#options.clock.now() - last.at;
  }

  async #measure(node: Node, known: Known | undefined): Promise<ReadonlyMap<string, Usage>> {
    const { clock, log } = this.#options;
    try {
      let first = known && this.#age(known) < OLDEST_FIRST_MS ? known.last : undefined;
      if (!first) {
        first = await this.#scrape(node);
        await sleep(clock, BETWEEN_MS);
      }
      const last = await this.#scrape(node);
      const usage = usageBetween(first, last);
      this.#known.set(node.metadata.name, { last, usage });
      return usage;
    } catch (error) {
      log.debug("a kubelet does not tell what is used", { node: node.metadata.name, error });
      return new Map();
    }
  }

  async #scrape({ status, metadata }: Node): Promise<Scrape> {
    const host = status.addresses?.find(({ type }) => type === "InternalIP")?.address;
    if (!host) throw new Error(`the node ${metadata.name} has no address`);
    const port = status.daemonEndpoints?.kubeletEndpoint?.Port ?? 10250;
    const text = await new Promise<string>((resolve, reject) => {
      const signal = AbortSignal.timeout(PATIENCE_MS);
      const sent = request({ host, port, path: "/metrics/resource", signal, ...this.#options.tls() }, (answer) => {
        let body = "";
        answer.setEncoding("utf8").on("data", (chunk: string) => {
          body += chunk;
          if (body.length > LARGEST_ANSWER) sent.destroy(new Error("the answer is too large"));
        });
        answer
          .once("error", reject)
          .once("end", () =>
            answer.statusCode === 200 ? resolve(body) : reject(new Error(`it answered ${answer.statusCode}: ${body}`)),
          );
      });
      sent.once("error", reject).end();
    });
    return parseScrape(text, this.#options.clock.now());
  }
}
