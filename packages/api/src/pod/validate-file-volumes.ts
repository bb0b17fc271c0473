/** Volumes whose files the API server holds: secrets, config maps, fields of the pod, tokens, and several of them as one. */
import { type FieldError, forbiddenField, invalidValue, required } from "@kubets/machinery";
import { joined } from "@kubets/machinery/joined";
import { validateLabelSelector } from "@kubets/machinery/label-selector";
import { dns1123Subdomain } from "@kubets/machinery/names";
import type {
  ClusterTrustBundleProjection,
  ConfigMapVolumeSource,
  DownwardAPIVolumeFile,
  DownwardAPIVolumeSource,
  KeyToPath,
  PodCertificateProjection,
  ProjectedVolumeSource,
  SecretVolumeSource,
  ServiceAccountTokenProjection,
  VolumeProjection,
} from "../generated/types/core-v1.ts";
import { fileMode, nameErrors, ownedPath, requiredValue } from "./field-checks.ts";
import { signerNameErrors } from "./signer-name.ts";
import { validateFieldRef, validateResourceFieldRef } from "./validate-env.ts";

const FILE_FIELDS = ["metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"];
const MIN_TOKEN_SECONDS = 600;
const MAX_TOKEN_SECONDS = 2 ** 32;
const KEY_TYPES = ["RSA3072", "RSA4096", "ECDSAP256", "ECDSAP384", "ECDSAP521", "ED25519"];

export const secretErrors = ({ secretName, defaultMode, items }: SecretVolumeSource, field: string): FieldError[] =>
  joined(
    requiredValue(`${field}.secretName`, secretName),
    fileMode(`${field}.defaultMode`, defaultMode),
    itemErrors(items, field),
  );

export const configMapErrors = ({ name, defaultMode, items }: ConfigMapVolumeSource, field: string): FieldError[] =>
  joined(requiredValue(`${field}.name`, name), fileMode(`${field}.defaultMode`, defaultMode), itemErrors(items, field));

const itemErrors = (items: readonly KeyToPath[] | undefined, field: string): FieldError[] =>
  (items ?? []).flatMap(({ key, path, mode }, i) =>
    joined(
      requiredValue(`${field}.items[${i}].key`, key),
      path ? ownedPath(`${field}.items[${i}].path`, path) : [required(`${field}.items[${i}].path`)],
      fileMode(`${field}.items[${i}].mode`, mode),
    ),
  );

export const downwardErrors = ({ defaultMode, items }: DownwardAPIVolumeSource, field: string): FieldError[] =>
  joined(
    fileMode(`${field}.defaultMode`, defaultMode),
    (items ?? []).flatMap((file) => downwardFileErrors(file, field)),
  );

function downwardFileErrors(file: DownwardAPIVolumeFile, field: string): FieldError[] {
  const { path, fieldRef, resourceFieldRef, mode } = file;
  const errors = path ? ownedPath(`${field}.path`, path) : [required(`${field}.path`)];
  if (fieldRef) {
    errors.push(...validateFieldRef(fieldRef, `${field}.fieldRef`, FILE_FIELDS));
    if (resourceFieldRef)
      errors.push(invalidValue(field, "resource", "fieldRef and resourceFieldRef can not be specified simultaneously"));
  } else if (resourceFieldRef) {
    errors.push(...validateResourceFieldRef(resourceFieldRef, `${field}.resourceFieldRef`, true));
  } else errors.push(required(field, "one of fieldRef and resourceFieldRef is required"));
  return joined(errors, fileMode(`${field}.mode`, mode));
}

export function projectedErrors({ sources, defaultMode }: ProjectedVolumeSource, field: string): FieldError[] {
  const errors = fileMode(`${field}.defaultMode`, defaultMode);
  const paths = new Set<string>();
  sources?.forEach((source, i) => {
    errors.push(...projectionErrors(source, `${field}.sources[${i}]`, field, paths));
  });
  return errors;
}

type Projection = keyof VolumeProjection;
const PROJECTIONS: readonly Projection[] = [
  "secret",
  "configMap",
  "downwardAPI",
  "serviceAccountToken",
  "clusterTrustBundle",
  "podCertificate",
];

function projectionErrors(source: VolumeProjection, at: string, volume: string, paths: Set<string>): FieldError[] {
  const named = PROJECTIONS.filter((name) => source[name]);
  if (named.length === 0) return [];
  if (named.length > 1) return [forbiddenField(at, "may not specify more than 1 volume type per source")];
  const name = named[0] as Projection;
  const errors = projectionSourceErrors(source, name, `${at}.${name}`);
  for (const [path, owner] of projectedPaths(source)) {
    if (path && paths.has(path)) errors.push(invalidValue(volume, owner, "conflicting duplicate paths"));
    paths.add(path);
  }
  return errors;
}

function projectionSourceErrors(source: VolumeProjection, name: Projection, field: string): FieldError[] {
  switch (name) {
    case "secret":
    case "configMap":
      return joined(requiredValue(`${field}.name`, source[name]?.name), itemErrors(source[name]?.items, field));
    case "downwardAPI":
      return (source.downwardAPI?.items ?? []).flatMap((file) => downwardFileErrors(file, field));
    case "serviceAccountToken":
      return tokenErrors(source.serviceAccountToken as ServiceAccountTokenProjection, field);
    case "clusterTrustBundle":
      return trustBundleErrors(source.clusterTrustBundle as ClusterTrustBundleProjection, field);
    case "podCertificate":
      return certificateErrors(source.podCertificate as PodCertificateProjection, field);
  }
}

/** Each file that a source puts into the volume, with what the original blames for a clash. */
function projectedPaths(source: VolumeProjection): [path: string, owner: string][] {
  const { secret, configMap, downwardAPI, serviceAccountToken, clusterTrustBundle, podCertificate } = source;
  const found: [string, string][] = [];
  const add = (path = "", owner = path) => found.push([path, owner]);
  for (const { path } of secret?.items ?? []) add(path, secret?.name ?? "");
  for (const { path } of configMap?.items ?? []) add(path, configMap?.name ?? "");
  for (const { path } of downwardAPI?.items ?? []) add(path);
  if (serviceAccountToken?.path) add(serviceAccountToken.path);
  if (clusterTrustBundle?.path) add(clusterTrustBundle.path);
  if (!podCertificate) return found;
  const { credentialBundlePath, keyPath, certificateChainPath } = podCertificate;
  for (const path of [credentialBundlePath, keyPath, certificateChainPath]) if (path) add(path);
  return found;
}

function tokenErrors({ path, expirationSeconds }: ServiceAccountTokenProjection, field: string): FieldError[] {
  const at = `${field}.expirationSeconds`;
  const errors: FieldError[] = [];
  if (expirationSeconds !== undefined && expirationSeconds < MIN_TOKEN_SECONDS)
    errors.push(invalidValue(at, expirationSeconds, "may not specify a duration less than 10 minutes"));
  if (expirationSeconds !== undefined && expirationSeconds > MAX_TOKEN_SECONDS)
    errors.push(invalidValue(at, expirationSeconds, "may not specify a duration larger than 2^32 seconds"));
  if (!path) return [...errors, required(`${field}.path`)];
  return joined(errors, ownedPath(`${field}.path`, path));
}

function trustBundleErrors(source: ClusterTrustBundleProjection, field: string): FieldError[] {
  const { name, signerName, labelSelector, path } = source;
  const errors: FieldError[] = [];
  if (name !== undefined && signerName !== undefined)
    errors.push(invalidValue(field, source, "only one of name and signerName may be used"));
  else if (name !== undefined) {
    if (!name) errors.push(required(`${field}.name`, "must be a valid object name"));
    errors.push(...nameErrors(`${field}.name`, name, (text) => dns1123Subdomain(text.replaceAll(":", "."))));
    if (labelSelector) {
      const detail = "labelSelector must be unset if name is specified";
      errors.push(invalidValue(`${field}.labelSelector`, labelSelector, detail));
    }
  } else if (signerName !== undefined) {
    errors.push(...signerNameErrors(`${field}.signerName`, signerName));
    errors.push(...validateLabelSelector(labelSelector, `${field}.labelSelector`));
  } else errors.push(required(field, "either name or signerName must be specified"));
  return joined(errors, path ? ownedPath(`${field}.path`, path) : [required(`${field}.path`)]);
}

function certificateErrors(source: PodCertificateProjection, field: string): FieldError[] {
  const { signerName = "", keyType = "", maxExpirationSeconds } = source;
  const errors = signerNameErrors(`${field}.signerName`, signerName);
  if (!KEY_TYPES.includes(keyType))
    errors.push({
      type: "FieldValueNotSupported",
      field: `${field}.keyType`,
      value: keyType,
      detail: `supported values: ${KEY_TYPES.map((type) => JSON.stringify(type)).join(", ")}`,
    });
  if (maxExpirationSeconds !== undefined && maxExpirationSeconds < 3600) {
    const detail = "if provided, maxExpirationSeconds must be >= 3600";
    errors.push(invalidValue(`${field}.maxExpirationSeconds`, maxExpirationSeconds, detail));
  }
  const paths = ["credentialBundlePath", "keyPath", "certificateChainPath"] as const;
  if (paths.every((name) => !source[name])) {
    const detail = "specify at least one of credentialBundlePath, keyPath, and certificateChainPath";
    errors.push(required(field, detail));
  }
  for (const name of paths) {
    const path = source[name];
    if (path) errors.push(...ownedPath(`${field}.${name}`, path));
  }
  return errors;
}
