/** StorageVersions: in which version each API server writes a resource, and which ones it reads. Served when asked for. */
import {
  dns1035Label,
  dns1123Subdomain,
  duplicate,
  EMPTY_ERROR,
  type FieldError,
  invalidValue,
  qualifiedName,
  regexError,
  required,
} from "@kubets/machinery";
import { define } from "../define.ts";
import { checkForm } from "../field-checks.ts";
import { storageversions } from "../generated/refs.ts";
import type {
  ServerStorageVersion,
  StorageVersion,
  StorageVersionCondition,
  StorageVersionStatus,
} from "../generated/types/apiserverinternal-v1alpha1.ts";
import { ownStatus, statusSubresource } from "../own-status.ts";
import { age, column, nameColumn } from "../table.ts";

const MOST_SHOWN = 3;
const NO_COMMON =
  "should be nil if servers do not agree on the same encoding version, or if there is no server reporting the supported versions yet";
const LABEL_RULE =
  "a DNS-1035 label, which must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character";

export const storageVersionResource = define(storageversions, {
  ...ownStatus,
  stability: "alpha",
  validateName,
  subresources: { status: statusSubresource(statusErrors) },
  table: {
    columns: [nameColumn, column("CommonEncodingVersion"), column("StorageVersions"), column("Age")],
    cells: ({ metadata, status }, now) => [
      metadata.name,
      status.commonEncodingVersion ?? "<unset>",
      shownVersions(status.storageVersions ?? []),
      age(metadata.creationTimestamp, now),
    ],
  },
});

/** `apps.deployments`: the group may hold dots, the resource does not. */
function validateName(name: string): string[] {
  const dot = name.lastIndexOf(".");
  if (dot < 0) return ["name must be in the form of <group>.<resource>"];
  return [
    ...dns1123Subdomain(name.slice(0, dot)).map((text) => `the group segment ${text}`),
    ...dns1035Label(name.slice(dot + 1)).map((text) => `the resource segment ${text}`),
  ];
}

function statusErrors({ status }: StorageVersion): FieldError[] {
  const servers = status.storageVersions ?? [];
  const ids = servers.map(({ apiServerID }) => apiServerID);
  return [
    ...servers.flatMap((server, i) => {
      const field = `status.storageVersions[${i}]`;
      const twice = ids.indexOf(server.apiServerID) < i;
      return [
        ...(twice ? [duplicate(`${field}.apiServerID`, server.apiServerID)] : []),
        ...serverErrors(server, field),
      ];
    }),
    ...commonErrors(status),
    ...conditionErrors(status.conditions ?? []),
  ];
}

function serverErrors(server: ServerStorageVersion, field: string): FieldError[] {
  const {
    apiServerID = "",
    encodingVersion: written = "",
    decodableVersions: read = [],
    servedVersions: served = [],
  } = server;
  const versionErrors = (text: string, at: string) => {
    const problems = versionProblems(text);
    return problems.length ? [invalidValue(at, text, problems.join(","))] : [];
  };
  return [
    ...checkForm(`${field}.apiServerID`, apiServerID, dns1123Subdomain),
    ...versionErrors(written, `${field}.encodingVersion`),
    ...read.flatMap((version, i) => versionErrors(version, `${field}.decodableVersions[${i}]`)),
    ...(read.includes(written)
      ? []
      : [
          invalidValue(`${field}.decodableVersions`, read, `decodableVersions must include encodingVersion ${written}`),
        ]),
    ...served.flatMap((version, i) => {
      const at = `${field}.servedVersions[${i}]`;
      const errors = versionErrors(version, at);
      if (read.includes(version)) return errors;
      const rule = `individual served version : ${version} must be included in decodableVersions : [${read.join(" ")}]`;
      return [...errors, invalidValue(at, version, rule)];
    }),
  ];
}

function versionProblems(text: string): string[] {
  const parts = text.split("/");
  if (parts.length > 2)
    return [
      `an apiVersion is ${regexError(LABEL_RULE, "[a-z]([-a-z0-9]*[a-z0-9])?", "my-name", "abc-123")} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyVersion')`,
    ];
  const version = parts.pop() ?? "";
  const of = (part: string, problems: readonly string[]) => problems.map((problem) => `${part} part: ${problem}`);
  const orEmpty = (value: string, check: (value: string) => readonly string[]) =>
    value ? check(value) : [EMPTY_ERROR];
  return [
    ...parts.flatMap((group) => of("group", orEmpty(group, dns1123Subdomain))),
    ...of("version", orEmpty(version, dns1035Label)),
  ];
}

/** What is common is told where all servers write the same, and nowhere else. */
function commonErrors({ storageVersions = [], commonEncodingVersion: told }: StorageVersionStatus): FieldError[] {
  const field = "status.commonEncodingVersion";
  const written = new Set(storageVersions.map(({ encodingVersion }) => encodingVersion));
  const common = written.size === 1 ? [...written][0] : undefined;
  if (common === told) return [];
  if (common === undefined) return [invalidValue(field, told, NO_COMMON)];
  return told === undefined
    ? [invalidValue(field, null, `the common encoding version is ${common}`)]
    : [invalidValue(field, told, `the actual common encoding version is ${common}`)];
}

/** The original names the conditions without the field that they stand in. */
function conditionErrors(conditions: readonly StorageVersionCondition[]): FieldError[] {
  const types = conditions.map(({ type }) => type);
  return conditions.flatMap(({ type, status, reason, message }, i) => {
    const field = `status[${i}]`;
    const first = types.lastIndexOf(type, i - 1);
    const again = `the type of the condition is not unique, it also appears in conditions[${first}]`;
    return [
      ...(i > 0 && first >= 0 ? [invalidValue(`${field}.type`, type, again)] : []),
      ...checkForm(`${field}.type`, type, qualifiedName),
      ...checkForm(`${field}.status`, status, qualifiedName),
      ...(reason ? [] : [required(`${field}.reason`, "reason cannot be empty")]),
      ...(message ? [] : [required(`${field}.message`, "message cannot be empty")]),
    ];
  });
}

function shownVersions(servers: readonly ServerStorageVersion[]): string {
  const shown = servers
    .slice(0, MOST_SHOWN)
    .map(({ apiServerID, encodingVersion }) => `${apiServerID}=${encodingVersion}`);
  const more = servers.length - shown.length;
  return shown.join(",") + (more > 0 ? ` + ${more} more...` : "");
}
