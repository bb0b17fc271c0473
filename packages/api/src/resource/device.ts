/** The checks of one device of a slice: its name, attributes, capacities and taints. */
import {
  cIdentifier,
  dns1123Subdomain,
  duplicate,
  type FieldError,
  invalidValue,
  labelKey,
  labelValue,
  notSupported,
  required,
  tooLong,
  tooMany,
} from "@kubets/machinery";
import { checkForm, checkRequired } from "../field-checks.ts";
import type { Device, DeviceAttribute, DeviceTaint } from "../generated/types/resource-v1.ts";
import { labelErrors, TAINT_EFFECTS } from "./device-checks.ts";
import { hasLists, LIST_TYPES, MAX_VALUES } from "./list-attributes.ts";
import { mappingErrors } from "./node-resources.ts";

const MAX_DEVICES = 128;
/** Where some of them have taints, counters or lists, which take more room. */
const MAX_LARGE_DEVICES = 64;
const MAX_ATTRIBUTES = 32;
const MAX_TAINTS = 16;
const MAX_TEXT = 64;
const KINDS = ["bool", "int", "string", "version", ...LIST_TYPES] as const;
const VERSION = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/;

export function devicesErrors(devices: readonly Device[], field: string): FieldError[] {
  const areLarge = devices.some(({ taints, consumesCounters }) => taints?.length || consumesCounters?.length);
  const max = areLarge || hasLists(devices) ? MAX_LARGE_DEVICES : MAX_DEVICES;
  if (devices.length > max) return [tooMany(field, devices.length, max)];
  const names = devices.map(({ name }) => name);
  return devices.flatMap((device, i) => [
    ...deviceErrors(device, `${field}[${i}]`),
    ...(names.indexOf(device.name) < i ? [duplicate(`${field}[${i}]`, device.name)] : []),
  ]);
}

function deviceErrors(device: Device, field: string): FieldError[] {
  const { name, attributes = {}, capacity = {}, taints = [] } = device;
  const errors = labelErrors(name, `${field}.name`);
  const count = Object.keys(attributes).length + Object.keys(capacity).length;
  if (count > MAX_ATTRIBUTES) {
    const detail = `the total number of attributes and capacities must not exceed ${MAX_ATTRIBUTES}`;
    errors.push(invalidValue(field, count, detail));
  }
  const values = Object.values(attributes).reduce((sum, attribute) => sum + valuesIn(attribute), 0);
  if (values > MAX_VALUES) {
    const detail = `the total number of attribute values must not exceed ${MAX_VALUES}`;
    errors.push(invalidValue(`${field}.attributes`, values, detail));
  }
  for (const [key, attribute] of Object.entries(attributes)) {
    const at = `${field}.attributes[${key}]`;
    errors.push(...qualifiedErrors(key, at), ...attributeErrors(attribute, at));
  }
  for (const key of Object.keys(capacity)) errors.push(...qualifiedErrors(key, `${field}.capacity[${key}]`));
  errors.push(...mappingErrors(device, field));
  if (taints.length > MAX_TAINTS) errors.push(tooMany(`${field}.taints`, taints.length, MAX_TAINTS));
  return [...errors, ...taints.flatMap((taint, i) => taintErrors(taint, `${field}.taints[${i}]`))];
}

/** A name, after a domain and a slash where it is not the driver's own. */
function qualifiedErrors(name: string, field: string): FieldError[] {
  if (name === "") return [required(field, "name required")];
  const parts = name.split("/");
  const id = parts.pop() as string;
  const errors = parts.flatMap((domain) => checkForm(field, domain, dns1123Subdomain));
  return [...errors, ...checkForm(field, id, cIdentifier)];
}

function attributeErrors(attribute: DeviceAttribute, field: string): FieldError[] {
  const said = KINDS.filter((kind) => attribute[kind] != null);
  if (said.length !== 1) return [invalidValue(field, said.length, "exactly one value must be specified")];
  const { string: text, version, strings = [], versions = [] } = attribute;
  return [
    ...(text == null ? [] : textErrors(text, `${field}.string`)),
    ...(version == null ? [] : versionErrors(version, `${field}.version`)),
    ...strings.flatMap((each, i) => textErrors(each, `${field}.strings[${i}]`)),
    ...versions.flatMap((each, i) => versionErrors(each, `${field}.versions[${i}]`)),
  ];
}

const valuesIn = (attribute: DeviceAttribute): number =>
  LIST_TYPES.reduce((sum, kind) => sum + (attribute[kind]?.length ?? 0), 0) || 1;

const textErrors = (text: string, field: string): FieldError[] =>
  Buffer.byteLength(text) > MAX_TEXT ? [tooLong(field, MAX_TEXT)] : [];

function versionErrors(version: string, field: string): FieldError[] {
  if (Buffer.byteLength(version) > MAX_TEXT) return [tooLong(field, MAX_TEXT)];
  return VERSION.test(version)
    ? []
    : [invalidValue(field, version, "must be a string compatible with semver.org spec 2.0.0")];
}

export function taintErrors({ key, value, effect }: DeviceTaint, field: string): FieldError[] {
  return [
    ...checkRequired(`${field}.key`, key, labelKey),
    ...(value ? checkForm(`${field}.value`, value, labelValue) : []),
    ...(effect
      ? TAINT_EFFECTS.includes(effect)
        ? []
        : [notSupported(`${field}.effect`, effect, TAINT_EFFECTS)]
      : [required(`${field}.effect`)]),
  ];
}
