/** What a cluster keeps from run to run: the plan of its network and each node's number in it. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { NetworkPlan } from "./network/plan.ts";

interface Content {
  readonly plan: NetworkPlan;
  readonly nodes: Readonly<Record<string, number>>;
}

export class Remembered {
  readonly #path: string;
  #content: Content;

  private constructor(path: string, content: Content) {
    this.#path = path;
    this.#content = content;
  }

  /** Reads what is there, and keeps what is made of it: of no plan a new one. */
  static open(path: string, planFrom: (known: NetworkPlan | undefined) => NetworkPlan): Remembered {
    const present = read(path);
    const remembered = new Remembered(path, { plan: planFrom(present?.plan), nodes: present?.nodes ?? {} });
    remembered.#write();
    return remembered;
  }

  get plan(): NetworkPlan {
    return this.#content.plan;
  }

  /** The node's number; the smallest free one for a new node. */
  nodeIndex(name: string): number {
    const { plan, nodes } = this.#content;
    const present = nodes[name];
    if (present !== undefined) return present;
    const taken = new Set(Object.values(nodes));
    let index = 1;
    while (taken.has(index)) index++;
    this.#content = { plan, nodes: { ...nodes, [name]: index } };
    this.#write();
    return index;
  }

  forgetNode(name: string): void {
    const { [name]: _, ...nodes } = this.#content.nodes;
    this.#content = { ...this.#content, nodes };
    this.#write();
  }

  #write(): void {
    mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
    writeFileSync(`${this.#path}.new`, `${JSON.stringify(this.#content, undefined, 2)}\n`, { mode: 0o600 });
    renameSync(`${this.#path}.new`, this.#path);
  }
}

export const rememberedPath = (clusterFolder: string): string => join(clusterFolder, "network.json");

function read(path: string): Content | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Content;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new Error(`${path} cannot be read; remove it if the cluster's addresses may change`, { cause: error });
  }
}
