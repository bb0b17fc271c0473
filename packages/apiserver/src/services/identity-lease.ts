/**
 * Who serves this cluster (gate APIServerIdentity): each server holds a Lease of kube-system, named after its host, and renews it; those of servers that
 * have been silent for an hour go.
 */
import { createHash, randomUUID } from "node:crypto";
import { leases } from "@kubets/api/generated/refs";
import type { Lease } from "@kubets/api/generated/types/coordination-v1";
import type { Client } from "@kubets/client/client";
import { type Clock, isReason, type Logger, sleep } from "@kubets/machinery";
import { formatMicroTime, parseTime } from "@kubets/machinery/time";

export interface IdentityLeaseOptions {
  readonly client: Pick<Client, "get" | "create" | "update" | "list" | "delete">;
  readonly clock: Clock;
  readonly log: Logger;
  readonly hostname: string;
  /** Where other servers reach it. */
  readonly address: string;
  readonly signal: AbortSignal;
  /** Called each time that it was written. */
  readonly held?: () => void;
}

const NAMESPACE = "kube-system";
const LABEL = "apiserver.kubernetes.io/identity";
const NAME = "kube-apiserver";
const SECONDS = 3600;
const RENEW_MS = 10_000;
const CLEAN_MS = 3_600_000;

/** Where a server is reached by others, in the annotations of its lease. */
export const PEER_ADDRESS = "kubernetes.io/peer-advertise-address";

export const isIdentityLease = ({ metadata: { namespace, labels } }: Lease): boolean =>
  namespace === NAMESPACE && labels?.[LABEL] === NAME;

/** "apiserver-" and a hash of the host's name and the server's, each behind its length, as the original writes it. */
export function identityOf(hostname: string): string {
  const hash = createHash("sha256").update(behindLength(hostname)).update(behindLength(NAME)).digest().subarray(0, 16);
  const bits = [...hash].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  const letters = bits.match(/.{1,5}/g)?.map((five) => ALPHABET[Number.parseInt(five.padEnd(5, "0"), 2)]) ?? [];
  return `apiserver-${letters.join("")}`;
}

function behindLength(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.of(bytes.length >> 8, bytes.length & 255), bytes]);
}

const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";

/** Ends with the signal; the lease stays until somebody finds it old. */
export async function keepIdentityLease(options: IdentityLeaseOptions): Promise<void> {
  const { clock, log, hostname, signal } = options;
  const name = identityOf(hostname);
  const holder = `${name}_${randomUUID()}`;
  let held: Lease | undefined;
  let failed = false;
  let cleaned = clock.monotonic();
  while (!signal.aborted) {
    try {
      held = await renew(options, name, holder, held);
      options.held?.();
      if (clock.monotonic() - cleaned >= CLEAN_MS) {
        cleaned = clock.monotonic();
        await removeOld(options);
      }
      failed = false;
    } catch (error) {
      held = undefined;
      if (!failed && !signal.aborted) log.warn("the lease of this server could not be renewed", { error });
      failed = true;
    }
    await sleep(clock, RENEW_MS, signal).catch(() => {});
  }
}

async function renew(
  { client, clock, hostname, address }: IdentityLeaseOptions,
  name: string,
  holderIdentity: string,
  held: Lease | undefined,
): Promise<Lease> {
  const current = held ?? (await client.get(leases, { namespace: NAMESPACE, name }).catch(unlessMissing));
  const spec = { holderIdentity, leaseDurationSeconds: SECONDS, renewTime: formatMicroTime(clock.now()) };
  const metadata = {
    ...current?.metadata,
    namespace: NAMESPACE,
    name,
    labels: { [LABEL]: NAME, "kubernetes.io/hostname": hostname },
    annotations: { [PEER_ADDRESS]: address },
  };
  return current ? client.update(leases, { ...current, metadata, spec }) : client.create(leases, { metadata, spec });
}

async function removeOld({ client, clock }: IdentityLeaseOptions): Promise<void> {
  const { items } = await client.list(leases, { namespace: NAMESPACE, labelSelector: `${LABEL}=${NAME}` });
  for (const { metadata, spec } of items) {
    const { renewTime, leaseDurationSeconds = SECONDS } = spec ?? {};
    if (!renewTime || parseTime(renewTime) + leaseDurationSeconds * 1000 > clock.now()) continue;
    const { namespace, name, uid, resourceVersion } = metadata;
    await client.delete(leases, { namespace, name }, { preconditions: { uid, resourceVersion } }).catch(unlessMissing);
  }
}

function unlessMissing(error: unknown): undefined {
  if (isReason(error, "NotFound") || isReason(error, "Conflict")) return undefined;
  throw error;
}
