/** Sources of volumes that pods and persistent volumes share: disks, shares, and the drivers that serve them. */
import { type FieldError, invalidValue, notSupported, required } from "@kubets/machinery";
import { joined } from "@kubets/machinery/joined";
import { dns1123Label, dns1123Subdomain } from "@kubets/machinery/names";
import type {
  AWSElasticBlockStoreVolumeSource,
  AzureDiskVolumeSource,
  AzureFileVolumeSource,
  CephFSVolumeSource,
  FCVolumeSource,
  FlockerVolumeSource,
  GCEPersistentDiskVolumeSource,
  GlusterfsVolumeSource,
  HostPathVolumeSource,
  ISCSIVolumeSource,
  NFSVolumeSource,
  QuobyteVolumeSource,
  RBDVolumeSource,
  ScaleIOVolumeSource,
  StorageOSVolumeSource,
} from "../generated/types/core-v1.ts";
import { absolutePath, known, nameErrors, noBackSteps, rangeErrors, requiredValue } from "./field-checks.ts";

const HOST_PATH_TYPES = [
  "",
  "BlockDevice",
  "CharDevice",
  "Directory",
  "DirectoryOrCreate",
  "File",
  "FileOrCreate",
  "Socket",
];

export function hostPathErrors({ path, type }: HostPathVolumeSource, field: string): FieldError[] {
  if (!path) return [required(`${field}.path`)];
  const errors = noBackSteps(`${field}.path`, path);
  return type === undefined ? errors : joined(errors, known(`${field}.type`, type, HOST_PATH_TYPES));
}

export const gceErrors = ({ pdName, partition }: GCEPersistentDiskVolumeSource, field: string): FieldError[] =>
  joined(requiredValue(`${field}.pdName`, pdName), partitionErrors(partition, field));

export const awsErrors = ({ volumeID, partition }: AWSElasticBlockStoreVolumeSource, field: string): FieldError[] =>
  joined(requiredValue(`${field}.volumeID`, volumeID), partitionErrors(partition, field));

const partitionErrors = (partition: number | undefined, field: string): FieldError[] =>
  partition === undefined ? [] : rangeErrors(`${field}.partition`, partition, 0, 255);

export const nfsErrors = ({ server, path }: NFSVolumeSource, field: string): FieldError[] =>
  joined(
    requiredValue(`${field}.server`, server),
    requiredValue(`${field}.path`, path),
    absolutePath(`${field}.path`, path),
  );

type Iscsi = Omit<ISCSIVolumeSource, "secretRef"> & { readonly secretRef?: unknown };

export function iscsiErrors(source: Iscsi, field: string, secret: string | undefined): FieldError[] {
  const { targetPortal, iqn, lun, chapAuthDiscovery, chapAuthSession, secretRef, initiatorName } = source;
  const errors = requiredValue(`${field}.targetPortal`, targetPortal);
  errors.push(...(iqn ? iqnErrors(iqn, `${field}.iqn`) : [required(`${field}.iqn`)]));
  if (lun < 0 || lun > 255) errors.push(...rangeErrors(`${field}.lun`, lun, 0, 255));
  if ((chapAuthDiscovery || chapAuthSession) && !secretRef) errors.push(required(`${field}.secretRef`));
  if (initiatorName !== undefined) errors.push(...iqnErrors(initiatorName, `${field}.initiatorname`));
  if (secretRef && !secret) errors.push(required(`${field}.secretRef.name`));
  return errors;
}

const ISCSI_FORMS: Readonly<Record<string, RegExp>> = {
  iqn: /^iqn\.\d{4}-\d{2}\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*(:[^,;*&$|\s]+)$/i,
  eui: /^eui\.[0-9a-f]{16}$/i,
  naa: /^naa\.([0-9a-f]{16}|[0-9a-f]{32})$/i,
};

function iqnErrors(name: string, field: string): FieldError[] {
  const form = ISCSI_FORMS[name.slice(0, 3)];
  if (!form) return [invalidValue(field, name, "must be valid format starting with iqn, eui, or naa")];
  return form.test(name) ? [] : [invalidValue(field, name, "must be valid format")];
}

export const glusterErrors = ({ endpoints, path }: GlusterfsVolumeSource, field: string): FieldError[] =>
  joined(requiredValue(`${field}.endpoints`, endpoints), requiredValue(`${field}.path`, path));

export function flockerErrors({ datasetName, datasetUUID }: FlockerVolumeSource, field: string): FieldError[] {
  if (!datasetName && !datasetUUID) return [required(field, "one of datasetName and datasetUUID is required")];
  const errors: FieldError[] = [];
  if (datasetName && datasetUUID)
    errors.push(invalidValue(field, "resource", "datasetName and datasetUUID can not be specified simultaneously"));
  if (datasetName?.includes("/"))
    errors.push(invalidValue(`${field}.datasetName`, datasetName, "must not contain '/'"));
  return errors;
}

export const rbdErrors = (
  { monitors, image }: Pick<RBDVolumeSource, "monitors" | "image">,
  field: string,
): FieldError[] =>
  joined(monitors?.length ? [] : [required(`${field}.monitors`)], requiredValue(`${field}.image`, image));

export const cephErrors = ({ monitors }: Pick<CephFSVolumeSource, "monitors">, field: string): FieldError[] =>
  monitors?.length ? [] : [required(`${field}.monitors`)];

export function quobyteErrors({ registry, tenant, volume }: QuobyteVolumeSource, field: string): FieldError[] {
  const errors: FieldError[] = [];
  const form = "must be a host:port pair or multiple pairs separated by commas";
  if (!registry) errors.push(required(`${field}.registry`, form));
  else if (tenant && tenant.length >= 65)
    errors.push(required(`${field}.tenant`, "must be a UUID and may not exceed a length of 64 characters"));
  else if (registry.split(",").some((pair) => !/^[^:[\]]*:[^:]*$|^\[[^\]]*\]:[^:]*$/.test(pair)))
    errors.push(invalidValue(`${field}.registry`, registry, form));
  return joined(errors, requiredValue(`${field}.volume`, volume));
}

export function fcErrors({ targetWWNs, wwids, lun }: FCVolumeSource, field: string): FieldError[] {
  const errors: FieldError[] = [];
  const detail = "must specify either targetWWNs or wwids, but not both";
  if (!targetWWNs?.length && !wwids?.length) errors.push(required(`${field}.targetWWNs`, detail));
  if (targetWWNs?.length && wwids?.length) errors.push(invalidValue(`${field}.targetWWNs`, targetWWNs, detail));
  if (!targetWWNs?.length) return errors;
  if (lun === undefined) errors.push(required(`${field}.lun`, "lun is required if targetWWNs is specified"));
  else errors.push(...rangeErrors(`${field}.lun`, lun, 0, 255));
  return errors;
}

export function flexErrors(
  { driver, options }: { readonly driver: string; readonly options?: Readonly<Record<string, string>> },
  field: string,
): FieldError[] {
  const errors = requiredValue(`${field}.driver`, driver);
  for (const key of Object.keys(options ?? {})) {
    const domain = key.includes("/") ? (key.split("/")[0] as string).toLowerCase() : "";
    if (/(^|\.)(kubernetes|k8s)\.io$/.test(domain)) {
      const detail = "kubernetes.io and k8s.io namespaces are reserved for internal use";
      errors.push(invalidValue(`${field}.options[${key}]`, key, detail));
    }
  }
  return errors;
}

export const azureFileErrors = (
  { secretName, shareName }: Pick<AzureFileVolumeSource, "secretName" | "shareName">,
  field: string,
): FieldError[] =>
  joined(requiredValue(`${field}.secretName`, secretName), requiredValue(`${field}.shareName`, shareName));

const MANAGED_DISK = "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}";
const BLOB_DISK = "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd";

export function azureDiskErrors(source: AzureDiskVolumeSource, field: string): FieldError[] {
  const { diskName, diskURI, cachingMode, kind } = source;
  const errors = joined(requiredValue(`${field}.diskName`, diskName), requiredValue(`${field}.diskURI`, diskURI));
  if (cachingMode !== undefined)
    errors.push(...known(`${field}.cachingMode`, cachingMode, ["None", "ReadOnly", "ReadWrite"]));
  if (kind !== undefined) errors.push(...known(`${field}.kind`, kind, ["Dedicated", "Managed", "Shared"]));
  const managed = kind === "Managed";
  if (managed && !diskURI?.startsWith("/subscriptions/"))
    errors.push(notSupported(`${field}.diskURI`, diskURI ?? "", [MANAGED_DISK]));
  if (!managed && !diskURI?.startsWith("https://"))
    errors.push(notSupported(`${field}.diskURI`, diskURI ?? "", [BLOB_DISK]));
  return errors;
}

export const storageOsNames = (
  { volumeName, volumeNamespace }: Pick<StorageOSVolumeSource, "volumeName" | "volumeNamespace">,
  field: string,
): FieldError[] =>
  joined(
    volumeName ? nameErrors(`${field}.volumeName`, volumeName, dns1123Label) : [required(`${field}.volumeName`)],
    volumeNamespace ? nameErrors(`${field}.volumeNamespace`, volumeNamespace, dns1123Label) : [],
  );

export const scaleIoErrors = (
  { gateway, system, volumeName }: Pick<ScaleIOVolumeSource, "gateway" | "system" | "volumeName">,
  field: string,
): FieldError[] =>
  joined(
    requiredValue(`${field}.gateway`, gateway),
    requiredValue(`${field}.system`, system),
    requiredValue(`${field}.volumeName`, volumeName),
  );

/** The name of a CSI driver: a subdomain in any case, of at most 63 characters. */
export function csiDriverErrors(driver: string | undefined, field: string): FieldError[] {
  if (!driver) return [required(field)];
  const errors: FieldError[] =
    driver.length > 63 ? [{ type: "FieldValueTooLong", field, detail: "may not be more than 63 bytes" }] : [];
  return joined(
    errors,
    dns1123Subdomain(driver.toLowerCase()).map((text) => invalidValue(field, driver, text)),
  );
}
