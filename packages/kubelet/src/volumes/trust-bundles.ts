/**
 * Certificates that the cluster trusts, for a projected volume: one bundle by its name, or all of a signer that fit a selector.
 * Holds: each certificate stands there once, in an order that does not depend on how many bundles it came from.
 */
import { clustertrustbundles } from "@kubets/api/generated/refs";
import type { ClusterTrustBundle } from "@kubets/api/generated/types/certificates-v1beta1";
import type { ClusterTrustBundleProjection } from "@kubets/api/generated/types/core-v1";
import type { Client } from "@kubets/client/client";
import { isReason } from "@kubets/machinery";
import { labelSelectorOf } from "@kubets/machinery/label-selector";
import { VolumeError } from "./volume.ts";

/** A PEM file; empty where nothing fits and nothing need. */
export async function trustAnchors(
  client: Pick<Client, "get" | "list">,
  wanted: ClusterTrustBundleProjection,
): Promise<string> {
  const { name, signerName, optional = false } = wanted;
  const found = name ? await named(client, name, optional) : await ofSigner(client, wanted);
  const certificates = distinctCertificates(found.map(({ spec }) => spec.trustBundle));
  if (certificates.length === 0 && !optional && !name)
    throw new VolumeError(`combined trustBundle is empty: no bundle of the signer ${signerName ?? ""} fits`);
  return certificates.join("");
}

async function named(client: Pick<Client, "get">, name: string, optional: boolean): Promise<ClusterTrustBundle[]> {
  try {
    return [await client.get(clustertrustbundles, { name })];
  } catch (error) {
    if (optional && isReason(error, "NotFound")) return [];
    throw error;
  }
}

async function ofSigner(
  client: Pick<Client, "list">,
  { signerName = "", labelSelector }: ClusterTrustBundleProjection,
): Promise<readonly ClusterTrustBundle[]> {
  const selector = labelSelectorOf(labelSelector);
  const { items } = await client.list(clustertrustbundles, { fieldSelector: `spec.signerName=${signerName}` });
  return items.filter(({ metadata }) => selector.matches(metadata.labels ?? {}));
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;

/** Without the words that may stand between them. */
export const distinctCertificates = (bundles: readonly string[]): string[] => {
  const all = bundles.flatMap((bundle) => bundle.match(CERTIFICATE) ?? []);
  return [...new Set(all.map((text) => `${text.replaceAll("\r\n", "\n")}\n`))].sort();
};
