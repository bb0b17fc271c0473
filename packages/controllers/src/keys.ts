/** Keys of queues and caches, and what requests take. */
import type { KubeObject } from "@kubets/api/meta";
import { type ObjectKey, splitKey } from "@kubets/client";

export const keyIn = ({
  metadata: { namespace, name },
}: Pick<KubeObject, "metadata"> | { metadata: { namespace?: string; name: string } }): ObjectKey =>
  namespace ? { namespace, name } : { name };

export const requestKey = (key: string): ObjectKey => {
  const { namespace, name } = splitKey(key);
  return namespace ? { namespace, name } : { name };
};
