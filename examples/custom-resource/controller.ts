/**
 * Keeps a ConfigMap with the words of each Greeting.
 * Owns: ConfigMaps whose controller it is. Watches: Greetings, their ConfigMaps.
 */
import {
  type Controller,
  controllerReference,
  customResource,
  type KubeObject,
  on,
  onOwned,
  resources,
  runController,
} from "kubets";

interface Greeting extends KubeObject {
  readonly spec: { readonly to: string; readonly times: number };
  readonly status?: { readonly configMap?: string; readonly observedGeneration?: number };
}

const greetings = customResource<Greeting>({
  group: "example.com",
  version: "v1",
  resource: "greetings",
  kind: "Greeting",
  namespaced: true,
});
const { configmaps } = resources;

/** What the ConfigMap of a greeting holds: a pure function, easily tested. */
export const wordsOf = ({ spec }: Greeting) => ({
  words: Array.from({ length: spec.times }, () => `Hello, ${spec.to}!`).join("\n"),
});

export const greetingController: Controller = {
  name: "greeting",
  watches: [on(greetings), onOwned(configmaps, greetings)],
  async reconcile(key, { client, cache, events }) {
    const greeting = cache.get(greetings, key);
    if (!greeting || greeting.metadata.deletionTimestamp) return;
    const { name, namespace = "", generation } = greeting.metadata;

    const configMap = `greeting-${name}`;
    const metadata = { name: configMap, namespace, ownerReferences: [controllerReference(greeting)] };
    await client.apply(configmaps, { metadata, data: wordsOf(greeting) }, { fieldManager: "greeting", force: true });

    if (greeting.status?.observedGeneration === generation) return;
    const body = { status: { configMap, observedGeneration: generation } };
    await client.patch(greetings, { namespace, name }, { type: "merge", body }, { subresource: "status" });
    events.event(greeting, "Normal", "Written", `The words stand in ConfigMap ${configMap}`);
  },
};

if (import.meta.main) await runController(greetingController);
