/** Kernel parameters of a pod's namespaces; those of a namespace that is the host's cannot be set. */
import { duplicate, type FieldError, invalidValue, required } from "@kubets/machinery";
import type { PodSpec, Sysctl } from "../generated/types/core-v1.ts";

const SEGMENT = "[a-z0-9]([-_a-z0-9]*[a-z0-9])?";
const FORM = `^(${SEGMENT}[\\./])*${SEGMENT}$`;
const SYSCTL = new RegExp(FORM);
const MAX_LENGTH = 253;

export function validateSysctls(sysctls: readonly Sysctl[] | undefined, field: string, spec: PodSpec): FieldError[] {
  const seen = new Set<string>();
  return (sysctls ?? []).flatMap(({ name }, i) => {
    const path = `${field}[${i}].name`;
    const errors: FieldError[] = [];
    if (!name) errors.push(required(path));
    else if (name.length > MAX_LENGTH || !SYSCTL.test(name))
      errors.push(invalidValue(path, name, `must have at most ${MAX_LENGTH} characters and match regex ${FORM}`));
    else if (seen.has(name)) errors.push(duplicate(path, name));
    seen.add(name);
    const host = hostNamespaceOf(dotted(name));
    if (host && spec[host]) errors.push(invalidValue(path, name, `may not be specified when '${host}' is true`));
    return errors;
  });
}

/** Slashes stand for dots when the first of both is a slash. */
function dotted(name: string): string {
  const first = name.search(/[./]/);
  if (first < 0 || name[first] === ".") return name;
  return name.replace(/[./]/g, (letter) => (letter === "/" ? "." : "/"));
}

function hostNamespaceOf(name: string): "hostNetwork" | "hostIPC" | undefined {
  if (name.startsWith("net.")) return "hostNetwork";
  return name === "kernel.sem" || /^(kernel\.(shm|msg)|fs\.mqueue\.)/.test(name) ? "hostIPC" : undefined;
}
