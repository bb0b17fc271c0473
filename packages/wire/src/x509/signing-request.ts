/** PKCS#10 signing requests: made by clients, read and verified by signers. */
import { createPublicKey, type KeyObject } from "node:crypto";
import { hasNames } from "./certificate.ts";
import {
  bitString,
  childrenOf,
  DerError,
  type DerValue,
  der,
  integer,
  oid,
  readDer,
  readOid,
  sequence,
  setOf,
} from "./der.ts";
import { alternativeNames, type Extensions, noExtensions, readExtensions } from "./extensions.ts";
import { spkiOf } from "./key.ts";
import { fromPem, toPem } from "./pem.ts";
import { signerOf, verifySignature } from "./signature.ts";
import { type AlternativeNames, type Attribute, readName, type Subject, subjectOf, writeName } from "./subject.ts";

export interface SigningRequest extends Extensions {
  readonly commonName: string;
  readonly organizations: readonly string[];
  readonly subject: readonly Attribute[];
  readonly publicKey: KeyObject;
  readonly der: Buffer;
}

const EXTENSION_REQUEST = "1.2.840.113549.1.9.14";

/** A request in PEM, signed with the key that the certificate is for. */
export function createSigningRequest(key: KeyObject, options: Subject & Partial<AlternativeNames>): string {
  const signer = signerOf(key);
  const attributes = hasNames(options)
    ? [sequence(oid(EXTENSION_REQUEST), setOf(sequence(alternativeNames(options))))]
    : [];
  const body = sequence(integer(0), writeName(options), spkiOf(key), der(0xa0, ...attributes));
  return toPem("CERTIFICATE REQUEST", sequence(body, signer.algorithm, bitString(signer.sign(body))));
}

/** Reads a request (PEM or DER) and checks that it is signed by its own key; throws `DerError` if not. */
export function readSigningRequest(source: string | Uint8Array): SigningRequest {
  const bytes = derOf(source);
  const [body, algorithm, signature] = childrenOf(readDer(bytes));
  const [, subject, spki, attributes] = body ? childrenOf(body) : [];
  if (!body || !algorithm || !signature || !subject || !spki) throw new DerError("this is no certificate request");
  const publicKey = createPublicKey({ key: spki.raw, format: "der", type: "spki" });
  if (!verifySignature(algorithm, publicKey, body.raw, signature.content.subarray(1))) {
    throw new DerError("the certificate request is not signed by its own key");
  }
  const names = readName(subject);
  return { ...requested(attributes), ...subjectOf(names), subject: names, publicKey, der: bytes };
}

function requested(attributes: DerValue | undefined): Extensions {
  for (const attribute of attributes ? childrenOf(attributes) : []) {
    const [id, values] = childrenOf(attribute);
    const [list] = values ? childrenOf(values) : [];
    if (id && list && readOid(id) === EXTENSION_REQUEST) return readExtensions(list);
  }
  return noExtensions;
}

function derOf(source: string | Uint8Array): Buffer {
  if (typeof source !== "string" && source[0] === 0x30) return Buffer.from(source);
  const block = fromPem(source)[0];
  if (block?.label !== "CERTIFICATE REQUEST" && block?.label !== "NEW CERTIFICATE REQUEST") {
    throw new DerError("PEM block type must be CERTIFICATE REQUEST");
  }
  return block.bytes;
}
