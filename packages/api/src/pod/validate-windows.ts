/** What only pods on Windows may say, and what they may not. */
import { type FieldError, forbiddenField, invalidValue, notSupported, required } from "@kubets/machinery";
import { joined } from "@kubets/machinery/joined";
import { dns1123Subdomain } from "@kubets/machinery/names";
import type { PodSpec, WindowsSecurityContextOptions } from "../generated/types/core-v1.ts";
import { placedContainers } from "./containers.ts";
import { nameErrors } from "./field-checks.ts";

const MAX_CREDENTIAL_SPEC = 64 * 1024;

export function validateWindowsOptions(
  options: WindowsSecurityContextOptions | undefined,
  field: string,
): FieldError[] {
  if (!options) return [];
  const { gmsaCredentialSpecName, gmsaCredentialSpec, runAsUserName } = options;
  const errors: FieldError[] = [];
  if (gmsaCredentialSpecName !== undefined)
    errors.push(...nameErrors(`${field}.gmsaCredentialSpecName`, gmsaCredentialSpecName, dns1123Subdomain));
  if (gmsaCredentialSpec === "")
    errors.push(invalidValue(`${field}.gmsaCredentialSpec`, "", "gmsaCredentialSpec cannot be an empty string"));
  else if (gmsaCredentialSpec !== undefined && gmsaCredentialSpec.length > MAX_CREDENTIAL_SPEC) {
    const detail = "gmsaCredentialSpec size must be under 64 KiB";
    errors.push(invalidValue(`${field}.gmsaCredentialSpec`, gmsaCredentialSpec, detail));
  }
  if (runAsUserName === undefined) return errors;
  const texts = userNameProblems(runAsUserName);
  return joined(
    errors,
    texts.map((text) => invalidValue(`${field}.runAsUserName`, runAsUserName, text)),
  );
}

function userNameProblems(name: string): string[] {
  if (name === "") return ["runAsUserName cannot be an empty string"];
  if (Buffer.from(name).some((byte) => byte < 0x20)) return ["runAsUserName cannot contain control characters"];
  const parts = name.split("\\");
  if (parts.length > 2) return ["runAsUserName cannot contain more than one backslash"];
  const domain = parts.length === 2 ? (parts[0] as string) : undefined;
  return joined(domain === undefined ? [] : domainProblems(domain), userProblems(parts.at(-1) as string));
}

function domainProblems(domain: string): string[] {
  if (domain.length >= 256) return ["runAsUserName's Domain length must be under 256 characters"];
  const netBios = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/.test(domain);
  const dns = /^[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?(\.[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?)*$/.test(domain);
  return netBios || dns ? [] : ["runAsUserName's Domain doesn't match the NetBios nor the DNS format"];
}

function userProblems(user: string): string[] {
  if (user === "") return ["runAsUserName's User cannot be empty"];
  if (user.length > 104) return ["runAsUserName's User length must not be longer than 104 characters"];
  if (/^[. ]+$/.test(user)) return ["runAsUserName's User cannot contain only periods or spaces"];
  return /["/:;|=,+*?<>@[\]]/.test(user)
    ? ["runAsUserName's User cannot contain the following characters: \"/\\:;|=,+*?<>@[]"]
    : [];
}

/** Containers that run as processes of the host: all of them or none, and only on the host's network. */
export function validateHostProcess(spec: PodSpec, field: string): FieldError[] {
  const ofPod = spec.securityContext?.windowsOptions?.hostProcess;
  const containers = placedContainers(spec, field);
  const errors: FieldError[] = [];
  let [host, other] = [0, 0];
  for (const { container, field: at } of containers) {
    const own = container.securityContext?.windowsOptions?.hostProcess;
    if (ofPod !== undefined && own !== undefined && ofPod !== own)
      errors.push(
        invalidValue(
          `${at}.securityContext.windowsOptions.hostProcess`,
          own,
          `pod hostProcess value must be identical if both are specified, was ${ofPod}`,
        ),
      );
    if (own ?? ofPod) host++;
    else other++;
  }
  if (host > 0 && other > 0) {
    const detail = "If pod contains any hostProcess containers then all containers must be HostProcess containers";
    errors.push(invalidValue(field, "", detail));
  }
  if (host > 0 && !spec.hostNetwork)
    errors.push(
      invalidValue(
        `${field}.hostNetwork`,
        false,
        "hostNetwork must be true if pod contains any hostProcess containers",
      ),
    );
  return errors;
}

export function validateOS(spec: PodSpec, field: string): FieldError[] {
  if (!spec.os) return [];
  const { name } = spec.os;
  if (!name) return [required(`${field}.os.name`)];
  if (name === "linux") return forLinux(spec, field);
  if (name === "windows") return forWindows(spec, field);
  return [notSupported(`${field}.os`, name, ["linux", "windows"])];
}

const forLinux = (spec: PodSpec, field: string): FieldError[] =>
  contexts(spec, field).flatMap(([at, context]) =>
    context.windowsOptions === undefined
      ? []
      : [forbiddenField(`${at}.windowsOptions`, "windows options cannot be set for a linux pod")],
  );

const NOT_FOR_WINDOWS = "cannot be set for a windows pod";
const UNFIT_CONTEXT = [
  "appArmorProfile",
  "seLinuxOptions",
  "hostUsers",
  "hostPID",
  "hostIPC",
  "seccompProfile",
  "fsGroup",
  "fsGroupChangePolicy",
  "sysctls",
  "shareProcessNamespace",
  "runAsUser",
  "runAsGroup",
  "supplementalGroups",
  "supplementalGroupsPolicy",
  "seLinuxChangePolicy",
];
/** Those of the list above that stand in the spec itself. */
const OF_SPEC = new Set(["hostUsers", "hostPID", "hostIPC", "shareProcessNamespace"]);
const UNFIT_CONTAINER = [
  "appArmorProfile",
  "seLinuxOptions",
  "seccompProfile",
  "capabilities",
  "readOnlyRootFilesystem",
  "privileged",
  "allowPrivilegeEscalation",
  "procMount",
  "runAsUser",
  "runAsGroup",
];

function forWindows(spec: PodSpec, field: string): FieldError[] {
  const plain = spec as unknown as Plain;
  const [[at, ofPod] = [field, {}], ...others] = contexts(spec, field);
  const errors = UNFIT_CONTEXT.flatMap((name) =>
    OF_SPEC.has(name) ? unfit(plain, name, `${field}.${name}`) : unfit(ofPod, name, `${at}.${name}`),
  );
  for (const [path, context] of others)
    for (const name of UNFIT_CONTAINER) errors.push(...unfit(context, name, `${path}.${name}`));
  return errors;
}

type Plain = Readonly<Record<string, unknown>>;

/** Namespaces of the host are plain booleans, of which only true says something. */
const unfit = (holder: Plain, name: string, path: string): FieldError[] => {
  const says = name === "hostPID" || name === "hostIPC" ? holder[name] === true : holder[name] !== undefined;
  return says ? [forbiddenField(path, NOT_FOR_WINDOWS)] : [];
};

/** The security contexts of the pod, first, and of all its containers, with their paths. */
function contexts(spec: PodSpec, field: string): [string, Plain][] {
  const ofContainers = placedContainers(spec, field).map(({ container, field: at }) => [at, container] as const);
  return [[field, spec] as const, ...ofContainers].map(([at, { securityContext }]) => [
    `${at}.securityContext`,
    (securityContext ?? {}) as Plain,
  ]);
}
