/**
 * Keeps a service account named "default" in every namespace that is not going.
 * Owns: those accounts. Watches: namespaces, service accounts.
 */
import { namespaces, serviceaccounts } from "@kubets/api/generated/refs";
import { type Controller, on, onRelated } from "@kubets/client";
import { isReason } from "@kubets/machinery";
import { isNamespaceTerminating } from "../error-text.ts";

const NAME = "default";

export const serviceAccounts = (): Controller => ({
  name: "serviceaccount",
  watches: [
    on(namespaces),
    onRelated(serviceaccounts, ({ metadata }) => (metadata.name === NAME ? [metadata.namespace] : [])),
  ],
  async reconcile(namespace, { client, cache }) {
    if (cache.get(namespaces, namespace)?.status.phase !== "Active") return;
    if (cache.get(serviceaccounts, `${namespace}/${NAME}`)) return;
    try {
      await client.create(serviceaccounts, { metadata: { namespace, name: NAME } });
    } catch (error) {
      if (!isReason(error, "AlreadyExists") && !isNamespaceTerminating(error)) throw error;
    }
  },
});
