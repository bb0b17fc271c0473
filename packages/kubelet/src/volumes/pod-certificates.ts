/**
 * Certificates of pods: a key is made here, a PodCertificateRequest asks for its certificate, and when the signer says so it is asked for anew.
 * Holds: keys stay in memory and in the pod's volume; an old certificate serves until there is a new one; what a signer denied is not asked for again.
 */
import { generateKeyPair, generateKeyPairSync, type KeyObject } from "node:crypto";
import { promisify } from "node:util";
import { podcertificaterequests, serviceaccounts } from "@kubets/api/generated/refs";
import type { PodCertificateRequest } from "@kubets/api/generated/types/certificates-v1beta1";
import type { Node, Pod, PodCertificateProjection } from "@kubets/api/generated/types/core-v1";
import type { Client } from "@kubets/client/client";
import type { EventRecorder } from "@kubets/client/event-recorder";
import { type Clock, type Logger, type Random, sleep } from "@kubets/machinery";
import { createSigningRequest, fromPem, readSigningRequest, toPem } from "@kubets/wire/x509";
import { untilDecided } from "./pod-certificate-answer.ts";
import { VolumeError } from "./volume.ts";

interface PodCertificatesOptions {
  readonly client: Pick<Client, "get" | "create" | "watch">;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly events: Pick<EventRecorder, "event">;
  readonly signal: AbortSignal;
  node(): Node | undefined;
  /** A pod has a certificate that its volume does not show yet. */
  changed(podUid: string): void;
}

export interface Credential {
  /** Both in PEM. */
  readonly key: string;
  readonly chain: string;
}

interface Issued extends Credential {
  readonly refreshAt: number;
  readonly expiresAt: number;
}

interface Kept {
  issued?: Issued;
  asking?: Promise<void>;
  refusal?: string;
  /** Until then it is not asked for again. */
  retryAt: number;
  overdueTold?: boolean;
  expiryTold?: boolean;
}

/** So that the certificates of many pods are not asked for at the same time. */
const JITTER_MS = 5 * 60_000;
const OVERDUE_MS = 10 * 60_000;
const RETRY_MS = 30_000;
/** A signer that is quick enough saves the pod a message that its volume is not there yet. */
const PATIENCE_MS = 5000;

const RSA = { RSA3072: 3072, RSA4096: 4096 } as Readonly<Record<string, number>>;
const CURVE = { ECDSAP256: "P-256", ECDSAP384: "P-384", ECDSAP521: "P-521" } as Readonly<Record<string, string>>;

export class PodCertificates {
  readonly #options: PodCertificatesOptions;
  readonly #byPod = new Map<string, Map<string, Kept>>();

  constructor(options: PodCertificatesOptions) {
    this.#options = options;
  }

  /** Of one source of one of the pod's volumes; throws as long as there is none. */
  async get(pod: Pod, source: string, wanted: PodCertificateProjection): Promise<Credential> {
    const { clock } = this.#options;
    const kept = this.#keptFor(pod.metadata.uid, source);
    if (kept.refusal) throw new VolumeError(kept.refusal);
    if (clock.now() >= Math.max(kept.issued?.refreshAt ?? 0, kept.retryAt))
      kept.asking ??= this.#ask(pod, wanted, kept).finally(() => delete kept.asking);
    if (!kept.issued) await this.#firstTime(kept);
    const { issued } = kept;
    if (!issued) throw new VolumeError(kept.refusal ?? "the pod's certificate is not issued yet");
    this.#tellLateness(pod, kept, issued);
    return issued;
  }

  /** When one of the pod's certificates wants to be looked after. */
  dueAt(uid: string): number | undefined {
    const now = this.#options.clock.now();
    const dues = [...(this.#byPod.get(uid)?.values() ?? [])].flatMap(({ issued, retryAt }) =>
      issued
        ? [issued.refreshAt, retryAt, issued.refreshAt + OVERDUE_MS, issued.expiresAt].filter((due) => due > now)
        : [],
    );
    return dues.length > 0 ? Math.min(...dues) : undefined;
  }

  forget(uid: string): void {
    this.#byPod.delete(uid);
  }

  #keptFor(uid: string, source: string): Kept {
    const ofPod = this.#byPod.get(uid) ?? new Map<string, Kept>();
    this.#byPod.set(uid, ofPod);
    const kept = ofPod.get(source) ?? { retryAt: 0 };
    ofPod.set(source, kept);
    return kept;
  }

  async #firstTime({ asking }: Kept): Promise<void> {
    const stop = new AbortController();
    const patience = sleep(this.#options.clock, PATIENCE_MS, stop.signal).catch(() => {});
    await Promise.race([asking, patience]).finally(() => stop.abort());
  }

  /** Never rejects: whoever waits looks at what is kept. */
  async #ask(pod: Pod, wanted: PodCertificateProjection, kept: Kept): Promise<void> {
    const { client, clock, random, log, events, signal, changed } = this.#options;
    const { uid, namespace } = pod.metadata;
    try {
      const { privateKey } = await newKey(wanted.keyType ?? "");
      const { metadata } = await client.create(podcertificaterequests, await this.#request(pod, wanted, privateKey));
      const { outcome, reason, message, status } = await untilDecided(
        client,
        metadata,
        pod.spec.nodeName ?? "",
        signal,
      );
      if (outcome !== "Issued") {
        const verb = outcome === "Denied" ? "was denied" : "failed";
        kept.refusal = `PodCertificateRequest ${namespace}/${metadata.name} ${verb}, reason=${JSON.stringify(reason)}, message=${JSON.stringify(message)}`;
        events.event(pod, "Warning", outcome, kept.refusal);
      } else {
        kept.issued = {
          key: privateKey.export({ type: "pkcs8", format: "pem" }) as string,
          chain: cleanChain(status.certificateChain ?? ""),
          refreshAt: Date.parse(status.beginRefreshAt ?? "") + Math.floor(random.float() * JITTER_MS),
          expiresAt: Date.parse(status.notAfter ?? ""),
        };
        kept.overdueTold = kept.expiryTold = false;
      }
      // One who has gone meanwhile has no volume.
      if (this.#byPod.has(uid)) changed(uid);
    } catch (error) {
      if (signal.aborted) return;
      kept.retryAt = clock.now() + RETRY_MS;
      log.warn("the certificate of a pod could not be asked for; trying again", { pod: pod.metadata.name, error });
      clock.after(RETRY_MS, () => this.#byPod.has(uid) && !signal.aborted && changed(uid));
    }
  }

  async #request({ metadata, spec }: Pod, wanted: PodCertificateProjection, key: KeyObject) {
    const { client, node } = this.#options;
    const { namespace, name, uid } = metadata;
    const serviceAccountName = spec.serviceAccountName || "default";
    const account = await client.get(serviceaccounts, { namespace, name: serviceAccountName });
    const { signerName = "", maxExpirationSeconds, userAnnotations } = wanted;
    const stub = readSigningRequest(createSigningRequest(key, {})).der;
    return {
      metadata: {
        namespace,
        generateName: "req-",
        ownerReferences: [{ apiVersion: "v1", kind: "Pod", name, uid }],
      },
      spec: {
        signerName,
        podName: name,
        podUID: uid,
        serviceAccountName,
        serviceAccountUID: account.metadata.uid,
        nodeName: spec.nodeName ?? "",
        nodeUID: node()?.metadata.uid ?? "",
        ...(maxExpirationSeconds !== undefined && { maxExpirationSeconds }),
        stubPKCS10Request: stub.toString("base64"),
        ...(userAnnotations && { unverifiedUserAnnotations: userAnnotations }),
      },
    } satisfies Partial<Omit<PodCertificateRequest, "metadata">> & { metadata: object };
  }

  #tellLateness(pod: Pod, kept: Kept, { refreshAt, expiresAt }: Issued): void {
    const { clock, events } = this.#options;
    if (clock.now() >= refreshAt + OVERDUE_MS && !kept.overdueTold) {
      kept.overdueTold = true;
      events.event(pod, "Warning", "CertificateOverdueForRefresh", "PodCertificate refresh overdue");
    }
    if (clock.now() >= expiresAt && !kept.expiryTold) {
      kept.expiryTold = true;
      events.event(pod, "Warning", "CertificateExpired", "PodCertificate expired");
    }
  }
}

async function newKey(type: string): Promise<{ readonly privateKey: KeyObject }> {
  const modulusLength = RSA[type];
  // In the thread pool: it takes a while.
  if (modulusLength) return await promisify(generateKeyPair)("rsa", { modulusLength });
  const namedCurve = CURVE[type];
  if (namedCurve) return generateKeyPairSync("ec", { namedCurve });
  if (type === "ED25519") return generateKeyPairSync("ed25519");
  throw new VolumeError(`unknown key type ${JSON.stringify(type)}`);
}

/** Without the words that may stand between certificates. */
const cleanChain = (chain: string): string =>
  fromPem(chain)
    .map(({ bytes }) => toPem("CERTIFICATE", bytes))
    .join("");
