/** For clusters without NamespaceLifecycle: objects without a namespace are refused, or their namespace is made for them. */
import { namespaces } from "@kubets/api/generated/refs";
import { isReason, notFound } from "@kubets/machinery";
import type { AdmissionPlugin } from "../plugin.ts";

export const namespaceExists: AdmissionPlugin = {
  name: "NamespaceExists",
  handles: (operation, resource) => operation !== "CONNECT" && resource.namespaced,
  validate({ namespace }, { view }) {
    if (!view.get(namespaces, "", namespace)) throw notFound({ group: "", resource: "namespaces" }, namespace);
  },
};

export const namespaceAutoProvision: AdmissionPlugin = {
  name: "NamespaceAutoProvision",
  handles: (operation, resource) => operation === "CREATE" && resource.namespaced,
  async mutate({ namespace, dryRun }, { view, client }) {
    if (dryRun || view.get(namespaces, "", namespace)) return;
    await client.create(namespaces, { metadata: { name: namespace } }).catch((error: unknown) => {
      if (!isReason(error, "AlreadyExists")) throw error;
    });
  },
};
