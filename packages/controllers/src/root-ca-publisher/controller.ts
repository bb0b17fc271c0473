/**
 * Keeps the cluster's certificate authority in a ConfigMap "kube-root-ca.crt" of every namespace, from which pods get it.
 * Owns: those ConfigMaps: what is changed in them is put back. Watches: namespaces, ConfigMaps.
 */
import { configmaps, namespaces } from "@kubets/api/generated/refs";
import { type Controller, on, onRelated } from "@kubets/client";
import { deepEqual, isReason } from "@kubets/machinery";
import { isNamespaceTerminating } from "../error-text.ts";

const NAME = "kube-root-ca.crt";
const DESCRIPTION = "kubernetes.io/description";
const DESCRIPTION_TEXT =
  "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. " +
  "No other usage is guaranteed across distributions of Kubernetes clusters.";

export const rootCaPublisher = ({ rootCa }: { readonly rootCa: string }): Controller => ({
  name: "root-ca-cert-publisher",
  watches: [
    on(namespaces),
    onRelated(configmaps, ({ metadata }) => (metadata.name === NAME ? [metadata.namespace] : [])),
  ],
  async reconcile(namespace, { client, cache }) {
    if (cache.get(namespaces, namespace)?.status.phase !== "Active") return;
    const data = { "ca.crt": rootCa };
    const found = cache.get(configmaps, `${namespace}/${NAME}`);
    if (!found) {
      const metadata = { namespace, name: NAME, annotations: { [DESCRIPTION]: DESCRIPTION_TEXT } };
      try {
        await client.create(configmaps, { metadata, data });
      } catch (error) {
        if (!isReason(error, "AlreadyExists") && !isNamespaceTerminating(error)) throw error;
      }
      return;
    }
    const { annotations } = found.metadata;
    if (deepEqual(found.data, data) && annotations?.[DESCRIPTION] !== undefined) return;
    const metadata = { ...found.metadata, annotations: { ...annotations, [DESCRIPTION]: DESCRIPTION_TEXT } };
    await client.update(configmaps, { ...found, metadata, data });
  },
});
