/**
 * All extenders of a scheduler, asked one after the other about what the plugins left: each sees the nodes that those before it let through.
 * Holds: an extender that cannot be reached stops the pod, unless it may be ignored.
 */
import type { Node, Pod } from "@kubets/api/generated/types/core-v1";
import type { Logger } from "@kubets/machinery";
import type { ExtenderConfig } from "../config/extender-config.ts";
import type { Found } from "../framework/cycle.ts";
import type { AskAboutVictims, PreemptionCandidate } from "../framework/handle.ts";
import { NodeRefusals, type Refusal } from "../framework/refusals.ts";
import { Extender, type MetaVictims, type Victims } from "./extender.ts";

/** As whom they stand among the plugins that refused a pod. */
const NAME = "Extender";

export class Extenders {
  readonly #all: readonly Extender[];
  readonly #log: Logger;

  constructor(configs: readonly ExtenderConfig[], log: Logger) {
    this.#all = configs.map((config) => new Extender(config));
    this.#log = log;
  }

  concern(pod: Pod): boolean {
    return this.#all.some((extender) => extender.concerns(pod));
  }

  /** What is left of the nodes that fit, and what the extenders add to their scores. */
  async consult(pod: Pod, found: Found): Promise<{ found: Found; extra: ReadonlyMap<string, number> }> {
    const left = await this.#filter(pod, found);
    return { found: left, extra: left.feasible.length > 1 ? await this.#prioritize(pod, nodesOf(left)) : new Map() };
  }

  /** The one that binds the pod in the place of the plugins. */
  binderOf(pod: Pod): Extender | undefined {
    return this.#all.find((extender) => extender.binds && extender.concerns(pod));
  }

  /** Asks those that have a say in preemption, if there is one for this pod; gives what they leave of the candidates. */
  preempting(pod: Pod): AskAboutVictims | undefined {
    const concerned = this.#all.filter((extender) => extender.preempts && extender.concerns(pod));
    if (concerned.length === 0) return undefined;
    return async (candidates) => {
      let left = candidates;
      for (const extender of concerned) {
        if (left.length === 0) break;
        try {
          left = remaining(left, await extender.preempt(pod, victimsOf(left)), extender.name);
        } catch (error) {
          if (!extender.config.ignorable) throw error;
          this.#log.warn("an extender is left out", { extender: extender.name, error });
        }
      }
      return left;
    };
  }

  async close(): Promise<void> {
    for (const extender of this.#all) await extender.close();
  }

  async #filter(pod: Pod, found: Found): Promise<Found> {
    let left = found;
    for (const extender of this.#all) {
      if (left.feasible.length === 0) break;
      if (!extender.concerns(pod)) continue;
      try {
        const { nodes, refused } = await extender.filter(pod, nodesOf(left));
        left = narrowed(left, nodes, refused);
      } catch (error) {
        if (!extender.config.ignorable) throw error;
        this.#log.warn("an extender is left out", { extender: extender.name, error });
      }
    }
    return left;
  }

  /** One that fails here adds nothing. */
  async #prioritize(pod: Pod, nodes: readonly Node[]): Promise<ReadonlyMap<string, number>> {
    const extra = new Map<string, number>();
    const concerned = this.#all.filter((extender) => extender.concerns(pod));
    const answers = await Promise.allSettled(concerned.map((extender) => extender.prioritize(pod, nodes)));
    for (const [i, answer] of answers.entries()) {
      if (answer.status === "fulfilled")
        for (const [node, score] of answer.value) extra.set(node, (extra.get(node) ?? 0) + score);
      else
        this.#log.warn("an extender could not score", {
          extender: concerned[i]?.name,
          error: answer.reason as unknown,
        });
    }
    return extra;
  }
}

const nodesOf = ({ feasible }: Found): Node[] => feasible.map(({ node }) => node);

function narrowed(
  { feasible, slots, refusals, ...rest }: Found,
  nodes: ReadonlySet<string>,
  refused: ReadonlyMap<string, { readonly reason: string; readonly lasting: boolean }>,
): Found {
  const byNode = new NodeRefusals();
  refusals.byNode.forEach((node, refusal) => byNode.add(node, refusal));
  for (const { name } of feasible) {
    if (nodes.has(name)) continue;
    const { reason = "", lasting = false } = refused.get(name) ?? {};
    const refusal: Refusal = { plugin: NAME, reasons: [reason], ...(lasting && { lasting }) };
    byNode.add({ name }, refusal);
  }
  const kept = feasible.map(({ name }) => nodes.has(name));
  return {
    ...rest,
    feasible: feasible.filter((_, i) => kept[i]),
    slots: slots.filter((_, i) => kept[i]),
    refusals: { ...refusals, byNode },
  };
}

const victimsOf = (candidates: readonly PreemptionCandidate[]): Victims =>
  new Map(
    candidates.map(({ node, victims, violations }) => [node, { pods: victims.map(({ pod }) => pod), violations }]),
  );

function remaining(
  candidates: readonly PreemptionCandidate[],
  answer: MetaVictims,
  extender: string,
): PreemptionCandidate[] {
  const standing = new Map(candidates.map((candidate) => [candidate.node, candidate.standing]));
  return [...answer].map(([node, { uids, violations }]) => {
    const known = standing.get(node) ?? [];
    const victims = uids.map((uid) => {
      const victim = known.find(({ pod }) => pod.metadata.uid === uid);
      if (!victim)
        throw new Error(
          `extender: ${extender} claims to preempt pod (UID: ${uid}) on node: ${node}, but the pod is not found on that node`,
        );
      return victim;
    });
    return { node, victims, violations, standing: known };
  });
}
