/** Waits until a signer has decided about a PodCertificateRequest: by a watch of that one object, which is begun again when it ends. */
import { podcertificaterequests } from "@kubets/api/generated/refs";
import type {
  PodCertificateRequest,
  PodCertificateRequestStatus,
} from "@kubets/api/generated/types/certificates-v1beta1";
import type { NamespacedMeta } from "@kubets/api/meta";
import type { Client } from "@kubets/client/client";

interface Decision {
  readonly outcome: string;
  readonly reason: string;
  readonly message: string;
  readonly status: PodCertificateRequestStatus;
}

export async function untilDecided(
  client: Pick<Client, "watch">,
  request: NamespacedMeta,
  nodeName: string,
  signal: AbortSignal,
): Promise<Decision> {
  for (;;) {
    signal.throwIfAborted();
    const decision = await oneWatch(client, request, nodeName, signal);
    if (decision) return decision;
  }
}

/** Nothing when the watch ended before. */
function oneWatch(
  client: Pick<Client, "watch">,
  { namespace, name }: NamespacedMeta,
  nodeName: string,
  signal: AbortSignal,
): Promise<Decision | undefined> {
  return new Promise((resolve, reject) => {
    const ending = new AbortController();
    let seen = false;
    const options = {
      namespace,
      // A node may only look at its own.
      fieldSelector: `spec.nodeName=${nodeName},metadata.name=${name}`,
      sendInitialEvents: true,
      allowBookmarks: true,
      resourceVersionMatch: "NotOlderThan",
      signal: AbortSignal.any([signal, ending.signal]),
    } as const;
    const end = (settle: () => void) => {
      settle();
      ending.abort();
    };
    client
      .watch(podcertificaterequests, options, {
        events(batch) {
          for (const { type, object } of batch) {
            const decision = type === "BOOKMARK" ? undefined : decisionOf(object);
            if (decision) end(() => resolve(decision));
            // The first bookmark comes when all that is there has been told of.
            else if (type === "DELETED" || (type === "BOOKMARK" && !seen))
              end(() => reject(new Error(`PodCertificateRequest ${namespace}/${name} was deleted`)));
            seen = true;
          }
        },
        closed: (error) => end(() => (error ? reject(error) : resolve(undefined))),
      })
      .catch(reject);
  });
}

function decisionOf({ status }: PodCertificateRequest): Decision | undefined {
  const condition = status?.conditions?.find(({ type }) => ["Issued", "Denied", "Failed"].includes(type));
  return condition && { outcome: condition.type, reason: condition.reason, message: condition.message, status };
}
