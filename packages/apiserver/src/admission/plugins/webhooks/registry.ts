/**
 * The webhooks of all configurations, in the order in which they are asked: those of the server's own files first, each by the name of their configuration,
 * then as they stand in it. What admission is configured by through the API is subject to those of files alone.
 */
import type {
  MutatingWebhook,
  MutatingWebhookConfiguration,
  ValidatingWebhook,
  ValidatingWebhookConfiguration,
} from "@kubets/api/generated/types/admissionregistration-v1";
import type { ResourceDefinition } from "@kubets/api/resource";
import type { ResourceRef } from "@kubets/api/resource-ref";
import type { ServedResources } from "../../../served-resource.ts";
import { follow } from "../../../store/follow.ts";
import { type Conditions, conditionsOf } from "../../expressions/conditions.ts";
import { Blindness } from "../../match/blindness.ts";
import { ByAction } from "../../match/by-action.ts";
import { once } from "../../match/once.ts";
import { isExempt, rulesFor } from "../../match/rules.ts";
import { compileSelectors, type Selectors } from "../../match/selectors.ts";

interface Hook {
  /** Among all webhooks of its kind, for what is asked again. */
  readonly id: string;
  readonly configuration: string;
  readonly spec: ValidatingWebhook & Partial<MutatingWebhook>;
  /** Both are compiled when first needed: what is stored may be older than the checks, and fails the requests that it concerns alone. */
  readonly selectors: () => Selectors;
  readonly conditions: Conditions;
}

/** A webhook that an action concerns, and the version of the resource that it wants to see. */
export interface ConcernedHook {
  readonly hook: Hook;
  readonly target: ResourceDefinition;
}

type Configuration = MutatingWebhookConfiguration | ValidatingWebhookConfiguration;

export class WebhookRegistry {
  readonly byAction: ByAction<ConcernedHook>;
  readonly blindness: Blindness;
  readonly #byConfiguration = new Map<string, readonly Hook[]>();
  #ofFiles: readonly Hook[] = [];

  constructor(served: ServedResources, configurations: ResourceRef<Configuration>) {
    this.blindness = new Blindness(served, configurations);
    this.byAction = new ByAction(
      served,
      () => this.#byConfiguration.size === 0 && this.#ofFiles.length === 0,
      (action) =>
        [...this.#ofFiles, ...(isExempt(action.resource) ? [] : this.#inOrder())].flatMap((hook) => {
          const [match] = rulesFor(hook.spec.rules, hook.spec.matchPolicy, action, served);
          return match ? [{ hook, target: match.target }] : [];
        }),
    );
    follow(served, configurations, (name, now) => {
      if (now) this.#byConfiguration.set(name, hooksOf(now));
      else this.#byConfiguration.delete(name);
      this.byAction.clear();
    });
  }

  /** These are the configurations of files from now on. */
  useManifests(configurations: readonly Configuration[]): void {
    this.#ofFiles = configurations
      .toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
      .flatMap((configuration) => hooksOf(configuration, "manifest/"));
    this.byAction.clear();
  }

  #inOrder(): Hook[] {
    return [...this.#byConfiguration].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, hooks]) => hooks);
  }
}

const hooksOf = ({ metadata, webhooks = [] }: Configuration, from = ""): Hook[] =>
  webhooks.map((spec, i) => ({
    id: `${from}${metadata.name}/${spec.name}/${i}`,
    configuration: metadata.name,
    spec,
    selectors: once(() => compileSelectors(spec)),
    conditions: conditionsOf(spec.matchConditions),
  }));
