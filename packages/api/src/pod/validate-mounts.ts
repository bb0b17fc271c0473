/** Where a container sees volumes: as folders (mounts) or as raw devices. */
import {
  type FieldError,
  forbiddenField,
  invalidValue,
  notFoundValue,
  notSupported,
  required,
} from "@kubets/machinery";
import { joined } from "@kubets/machinery/joined";
import type { Container, Volume, VolumeDevice, VolumeMount } from "../generated/types/core-v1.ts";
import { known, localPath, noBackSteps } from "./field-checks.ts";

type Volumes = ReadonlyMap<string, Volume>;

export function validateMounts(container: Container, volumes: Volumes, field: string): FieldError[] {
  const { volumeMounts = [], volumeDevices = [] } = container;
  const taken = new Set<string>();
  return volumeMounts.flatMap((mount, i) => {
    const at = `${field}[${i}]`;
    const { name, mountPath } = mount;
    const errors: FieldError[] = [];
    if (!name) errors.push(required(`${at}.name`));
    if (!volumes.has(name)) errors.push(notFoundValue(`${at}.name`, name ?? ""));
    if (!mountPath) errors.push(required(`${at}.mountPath`));
    if (taken.has(mountPath)) errors.push(invalidValue(`${at}.mountPath`, mountPath, "must be unique"));
    taken.add(mountPath);
    if (volumeDevices.some((device) => device.name === name))
      errors.push(invalidValue(`${at}.name`, name, "must not already exist in volumeDevices"));
    if (volumeDevices.some((device) => device.devicePath === mountPath))
      errors.push(invalidValue(`${at}.mountPath`, mountPath, "must not already exist as a path in volumeDevices"));
    return joined(errors, subPathErrors(mount, at, field), propagationErrors(mount, container, field));
  });
}

/** The original names the list, not the mount, in some of its errors. */
function subPathErrors({ subPath, subPathExpr }: VolumeMount, at: string, field: string): FieldError[] {
  const errors = subPath ? localPath(`${field}.subPath`, subPath) : [];
  if (!subPathExpr) return errors;
  if (subPath)
    errors.push(invalidValue(`${at}.subPathExpr`, subPathExpr, "subPathExpr and subPath are mutually exclusive"));
  return joined(errors, localPath(`${field}.subPathExpr`, subPathExpr));
}

function propagationErrors(mount: VolumeMount, container: Container, field: string): FieldError[] {
  const { mountPropagation, recursiveReadOnly } = mount;
  const errors: FieldError[] = [];
  if (mountPropagation !== undefined) {
    const path = `${field}.mountPropagation`;
    errors.push(...known(path, mountPropagation, ["Bidirectional", "HostToContainer", "None"]));
    if (mountPropagation === "Bidirectional" && !container.securityContext?.privileged)
      errors.push(forbiddenField(path, "Bidirectional mount propagation is available only to privileged containers"));
  }
  return recursiveReadOnly === undefined ? errors : joined(errors, recursiveErrors(mount, recursiveReadOnly, field));
}

function recursiveErrors({ readOnly, mountPropagation }: VolumeMount, mode: string, list: string): FieldError[] {
  const field = `${list}.recursiveReadOnly`;
  if (mode === "Disabled") return [];
  if (mode !== "Enabled" && mode !== "IfPossible")
    return [notSupported(field, mode, ["Disabled", "Enabled", "IfPossible"])];
  const errors = readOnly ? [] : [forbiddenField(field, "may only be specified when readOnly is true")];
  if (mountPropagation !== undefined && mountPropagation !== "None")
    errors.push(forbiddenField(field, "may only be specified when mountPropagation is None or not specified"));
  return errors;
}

export function validateDevices(container: Container, volumes: Volumes, field: string): FieldError[] {
  const { volumeDevices = [], volumeMounts = [] } = container;
  const names = new Set<string>();
  const paths = new Set<string>();
  return volumeDevices.flatMap((device, i) => {
    const at = `${field}[${i}]`;
    const errors = [...deviceErrors(device, at, volumes.get(device.name), names, paths)];
    if (volumeMounts.some(({ name }) => name === device.name))
      errors.push(invalidValue(`${at}.name`, device.name, "must not already exist in volumeMounts"));
    if (volumeMounts.some(({ mountPath }) => mountPath === device.devicePath))
      errors.push(
        invalidValue(`${at}.devicePath`, device.devicePath, "must not already exist as a path in volumeMounts"),
      );
    if (device.name) names.add(device.name);
    return errors;
  });
}

const NOT_A_BLOCK = "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode";

function deviceErrors(
  { name, devicePath }: VolumeDevice,
  at: string,
  volume: Volume | undefined,
  names: ReadonlySet<string>,
  paths: Set<string>,
): FieldError[] {
  const errors: FieldError[] = [];
  if (!name) errors.push(required(`${at}.name`));
  if (names.has(name)) errors.push(invalidValue(`${at}.name`, name, "must be unique"));
  if (!volume) errors.push(notFoundValue(`${at}.name`, name ?? ""));
  else if (!volume.persistentVolumeClaim && !volume.ephemeral)
    errors.push(invalidValue(`${at}.name`, name, NOT_A_BLOCK));
  if (!devicePath) errors.push(required(`${at}.devicePath`));
  if (paths.has(devicePath)) errors.push(invalidValue(`${at}.devicePath`, devicePath, "must be unique"));
  if (devicePath && noBackSteps("", devicePath).length)
    errors.push(invalidValue(`${at}.devicePath`, devicePath, "can not contain backsteps ('..')"));
  else paths.add(devicePath);
  return errors;
}
