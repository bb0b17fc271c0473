/** Keys: EC P-256 for everything, RSA where old verifiers of tokens need it; PEM as Kubernetes' tools write it. */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  generateKeyPairSync,
  type KeyObject,
  X509Certificate,
} from "node:crypto";
import { promisify } from "node:util";

/** A new EC P-256 private key. */
export const createKey = (): KeyObject => generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;

/** A new RSA 2048 private key; made in the thread pool, for it takes a while. */
export async function createRsaKey(): Promise<KeyObject> {
  return (await promisify(generateKeyPair)("rsa", { modulusLength: 2048 })).privateKey;
}

export function keyToPem(privateKey: KeyObject): string {
  const type =
    privateKey.asymmetricKeyType === "ec" ? "sec1" : privateKey.asymmetricKeyType === "rsa" ? "pkcs1" : "pkcs8";
  return privateKey.export({ type: type as "pkcs8", format: "pem" }) as string;
}

export const keyFromPem = (pem: string | Uint8Array): KeyObject => createPrivateKey(Buffer.from(pem));

/** The public half, in the form that every library reads. */
export const publicKeyToPem = (key: KeyObject): string =>
  publicOf(key).export({ type: "spki", format: "pem" }) as string;

/** Every public key of a PEM file, which may hold public keys, private keys and certificates, in order. */
export function publicKeysFromPem(pem: string | Uint8Array): KeyObject[] {
  const blocks =
    Buffer.from(pem)
      .toString()
      .match(/-----BEGIN [^-]+-----[^-]+-----END [^-]+-----/g) ?? [];
  return blocks
    .filter((block) => !block.startsWith("-----BEGIN EC PARAMETERS"))
    .map((block) =>
      block.startsWith("-----BEGIN CERTIFICATE") ? new X509Certificate(block).publicKey : createPublicKey(block),
    );
}

export const publicOf = (key: KeyObject): KeyObject => (key.type === "private" ? createPublicKey(key) : key);

export const spkiOf = (key: KeyObject): Buffer<ArrayBuffer> =>
  Buffer.from(publicOf(key).export({ type: "spki", format: "der" }));

/** The pin that `kubeadm join --discovery-token-ca-cert-hash` takes: `sha256:` and the hash of the public key. */
export const spkiPin = (key: KeyObject): string => `sha256:${createHash("sha256").update(spkiOf(key)).digest("hex")}`;
