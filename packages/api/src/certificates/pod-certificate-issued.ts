/** What a signer that issues a pod's certificate says of it must be what the certificate says, and it must be what was asked for. */
import { type FieldError, invalidValue, required } from "@kubets/machinery";
import { type Certificate, fromPem, readCertificate, spkiOf } from "@kubets/wire/x509";
import type {
  PodCertificateRequestSpec,
  PodCertificateRequestStatus,
} from "../generated/types/certificates-v1beta1.ts";
import { askedKey } from "./pod-certificate-key.ts";

const CHAIN = "status.certificateChain";
const MAX_CHAIN = 100 * 1024;
const MINUTE_MS = 60_000;
const TIMES = [
  ["notBefore", "must be present and consistent with the issued certificate"],
  ["notAfter", "must be present and consistent with the issued certificate"],
  ["beginRefreshAt", "must be present and in the range [notbefore+10min, notafter-10min]"],
] as const;

export function issuedErrors(
  status: PodCertificateRequestStatus,
  spec: PodCertificateRequestSpec,
  now: number,
): FieldError[] {
  const { certificateChain: chain = "" } = status;
  if (Buffer.byteLength(chain) > MAX_CHAIN)
    return [{ type: "FieldValueTooLong", field: CHAIN, detail: `may not be more than ${MAX_CHAIN} bytes` }];
  const leaf = readChain(chain);
  if (typeof leaf === "string") return [invalidValue(CHAIN, chain, leaf)];
  const key = askedKey(spec);
  if (!key || !spkiOf(leaf.publicKey).equals(spkiOf(key)))
    return [invalidValue(CHAIN, chain, "leaf certificate was not issued to the requested public key")];
  const missing = TIMES.filter(([name]) => !status[name]);
  if (missing.length > 0) return missing.map(([name, detail]) => required(`status.${name}`, detail));
  const problem = timeProblem(status, leaf, spec, now);
  return problem ? [problem] : [];
}

/** The certificate of the pod, or why there is none. */
function readChain(chain: string): Certificate | string {
  const blocks = fromPem(chain);
  if (blocks.length === 0) return "issued certificate chain must contain at least one certificate";
  if (blocks.some(({ label }) => label !== "CERTIFICATE"))
    return "issued certificate chain must consist entirely of CERTIFICATE PEM blocks";
  let leaf: Certificate | undefined;
  for (const { bytes } of blocks)
    try {
      const read = readCertificate(bytes);
      leaf ??= read;
    } catch {
      return `${leaf ? "intermediate" : "leaf"} certificate does not parse as valid X.509`;
    }
  return leaf as Certificate;
}

function timeProblem(
  status: PodCertificateRequestStatus,
  leaf: Certificate,
  { maxExpirationSeconds = 0 }: PodCertificateRequestSpec,
  now: number,
): FieldError | undefined {
  const [notBefore, notAfter, beginRefreshAt] = TIMES.map(([name]) => Date.parse(status[name] as string)) as [
    number,
    number,
    number,
  ];
  const wrong = (name: (typeof TIMES)[number][0], detail: string) =>
    invalidValue(`status.${name}`, status[name], detail);
  if (notBefore !== leaf.notBefore)
    return wrong("notBefore", "must be set to the NotBefore time encoded in the leaf certificate");
  if (Math.abs(notBefore - now) >= 5 * MINUTE_MS)
    return wrong("notBefore", "must be set to within 5 minutes of kube-apiserver's current time");
  if (notAfter !== leaf.notAfter)
    return wrong("notAfter", "must be set to the NotAfter time encoded in the leaf certificate");
  const lifetime = leaf.notAfter - leaf.notBefore;
  if (lifetime < 60 * MINUTE_MS) return invalidValue(CHAIN, lifetime, "leaf certificate lifetime must be >= 1 hour");
  if (lifetime > maxExpirationSeconds * 1000)
    return invalidValue(
      CHAIN,
      lifetime,
      `leaf certificate lifetime must be <= spec.maxExpirationSeconds (${maxExpirationSeconds})`,
    );
  if (beginRefreshAt < notBefore + 10 * MINUTE_MS)
    return wrong("beginRefreshAt", "must be at least 10 minutes after status.notBefore");
  if (beginRefreshAt > notAfter - 10 * MINUTE_MS)
    return wrong("beginRefreshAt", "must be at least 10 minutes before status.notAfter");
  return undefined;
}
