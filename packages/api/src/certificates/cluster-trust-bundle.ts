/** ClusterTrustBundles: certificates that the whole cluster may trust, of one signer or of nobody in particular. Served when asked for. */
import { type FieldError, invalidValue } from "@kubets/machinery";
import { dns1123Subdomain } from "@kubets/machinery/names";
import { fromPem, readCertificate } from "@kubets/wire/x509";
import { define } from "../define.ts";
import { checkImmutable } from "../field-checks.ts";
import { clustertrustbundles } from "../generated/refs.ts";
import type { ClusterTrustBundle } from "../generated/types/certificates-v1beta1.ts";
import { deprecation } from "../other-version.ts";
import { signerNameErrors } from "../pod/signer-name.ts";
import { age, column, nameColumn } from "../table.ts";

const MAX_BYTES = 1 << 20;

export const clusterTrustBundleResource = define(clustertrustbundles, {
  stability: "beta",
  deprecation: deprecation(clustertrustbundles, "1.36", "1.39"),
  // The name tells the signer, so that both are checked together.
  validateName: () => [],
  validate,
  validateUpdate: (bundle, old) => [
    ...validate(bundle),
    ...checkImmutable("spec.signerName", bundle.spec.signerName ?? "", old.spec.signerName ?? ""),
  ],
  selectableFields: { "spec.signerName": ({ spec }) => spec.signerName ?? "" },
  table: {
    columns: [nameColumn, column("SignerName"), column("Age")],
    cells: ({ metadata, spec }, now) => [
      metadata.name,
      spec.signerName || "<none>",
      age(metadata.creationTimestamp, now),
    ],
  },
});

function validate({ metadata, spec }: ClusterTrustBundle): FieldError[] {
  const { signerName = "", trustBundle } = spec;
  const errors = nameProblems(metadata.name, signerName).map((text) =>
    invalidValue("metadata.name", metadata.name, text),
  );
  if (signerName) errors.push(...signerNameErrors("spec.signerName", signerName));
  const problem = bundleProblem(trustBundle);
  return problem ? [...errors, invalidValue("spec.trustBundle", "<value omitted>", problem)] : errors;
}

function nameProblems(name: string, signerName: string): readonly string[] {
  if (!signerName)
    return name.includes(":")
      ? ['ClusterTrustBundle without signer name must not have ":" in its name']
      : dns1123Subdomain(name);
  const prefix = `${signerName.replaceAll("/", ":")}:`;
  return name.startsWith(prefix)
    ? dns1123Subdomain(name.slice(prefix.length))
    : [`ClusterTrustBundle for signerName ${signerName} must be named with prefix ${prefix}`];
}

/** Why it is no list of certificates that trust can begin with; undefined when it is one. */
function bundleProblem(trustBundle: string): string | undefined {
  if (trustBundle.length > MAX_BYTES) return `too large; may be at most ${MAX_BYTES} bytes`;
  const blocks = fromPem(trustBundle);
  if (blocks.length === 0) return "at least one trust anchor must be provided";
  const seen = new Set<string>();
  for (const [i, { label, bytes }] of blocks.entries()) {
    if (label !== "CERTIFICATE") return `entry ${i} has bad block type: ${label}`;
    let isCa: boolean;
    try {
      isCa = readCertificate(bytes).isCa;
    } catch (error) {
      return `entry ${i} does not parse as X.509: ${(error as Error).message}`;
    }
    if (!isCa) return `entry ${i} does not have the CA bit set`;
    const text = bytes.toString("base64");
    if (seen.has(text)) return `entry ${i} is a duplicate`;
    seen.add(text);
  }
  return undefined;
}
