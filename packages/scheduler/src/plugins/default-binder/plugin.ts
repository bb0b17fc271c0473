/** Binds the pod to its node through the API. */
import { pods } from "@kubets/api/generated/refs";
import type { PluginFactory } from "../../framework/handle.ts";

export const defaultBinder: PluginFactory = ({ client }) => ({
  name: "DefaultBinder",
  async bind({ metadata }, node) {
    const { namespace, name, uid } = metadata;
    await client.act(pods, { namespace, name }, "binding", {
      apiVersion: "v1",
      kind: "Binding",
      metadata: { namespace, name, uid },
      target: { kind: "Node", name: node },
    });
    return true;
  },
});
