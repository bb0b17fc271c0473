/** Keys, authorities, certificates and signing requests, on node:crypto and a small DER of our own. */
export * from "./x509/certificate.ts";
export { DerError } from "./x509/der.ts";
export { type ExtendedUsage, KEY_USAGES, type KeyUsage } from "./x509/extensions.ts";
export * from "./x509/key.ts";
export * from "./x509/pem.ts";
export * from "./x509/signing-request.ts";
export type { AlternativeNames, Attribute, Subject } from "./x509/subject.ts";
