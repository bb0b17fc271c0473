/** One ingress, read once: its rules with their backends, its settings, its TLS hosts, and what is wrong with it. */
import type { HTTPIngressPath, Ingress } from "@kubets/api/generated/types/networking-v1";
import { keyOf } from "@kubets/client";
import { type AnnotationProblem, readAnnotations } from "./annotations.ts";
import { type BackendRef, backendRef } from "./backend.ts";
import { type Pattern, pathPattern } from "./pattern.ts";
import type { Settings } from "./settings.ts";

type PathType = "Exact" | "Prefix" | "ImplementationSpecific";

export interface Rule {
  /** "" for all that no other rule names; "*.example.org" for one label before it. */
  readonly host: string;
  readonly path: string;
  readonly type: PathType;
  /** When the path is an expression. */
  readonly pattern: Pattern | undefined;
  /** Undefined when it is no service: nothing serves it. */
  readonly backend: BackendRef | undefined;
}

interface TlsHost {
  readonly host: string;
  /** "namespace/name", or "" for the controller's own certificate. */
  readonly secret: string;
}

export interface CompiledIngress {
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  /** Where two say the same, the older one counts. */
  readonly created: string;
  readonly settings: Settings;
  readonly rules: readonly Rule[];
  readonly defaultBackend: BackendRef | undefined;
  readonly tls: readonly TlsHost[];
  readonly problems: readonly Problem[];
}

interface Problem {
  readonly reason: AnnotationProblem["reason"] | "InvalidPath" | "UnsupportedBackend";
  readonly message: string;
}

/** Characters that have a meaning in an expression and none in a path. */
const EXPRESSION = /[\\^$*+?()[\]{}|]/;

export function compileIngress(ingress: Ingress): CompiledIngress {
  const { metadata, spec } = ingress;
  const namespace = metadata.namespace ?? "";
  const { settings, problems: ofAnnotations } = readAnnotations(metadata.annotations ?? {}, namespace);
  const problems: Problem[] = [...ofAnnotations];
  const isExpression = settings.useRegex || settings.rewriteTarget !== "";
  const rules = (spec.rules ?? []).flatMap(({ host = "", http }) =>
    (http?.paths ?? []).flatMap((path) => ruleOf(path, host.toLowerCase(), namespace, isExpression, problems) ?? []),
  );
  const named = [...new Set(rules.map(({ host }) => host))];
  const aliases = named.filter((host) => host !== "").length > 0 ? settings.aliases : [];
  // Another name of a host has what its first name has.
  const first = named.find((host) => host !== "");
  const aliased = aliases.flatMap((host) =>
    rules.filter((rule) => rule.host === first).map((rule) => ({ ...rule, host })),
  );
  if (spec.defaultBackend?.resource) problems.push(unsupported("spec.defaultBackend"));
  return {
    key: keyOf(ingress),
    namespace,
    name: metadata.name,
    created: metadata.creationTimestamp ?? "",
    settings,
    rules: [...rules, ...aliased],
    defaultBackend: backendRef(namespace, spec.defaultBackend),
    tls: tlsOf(ingress, namespace, [...named, ...aliases]),
    problems,
  };
}

function ruleOf(
  { path = "/", pathType, backend }: HTTPIngressPath,
  host: string,
  namespace: string,
  isExpression: boolean,
  problems: Problem[],
): Rule | undefined {
  const type = pathType as PathType;
  const written = path || "/";
  const asPattern = isExpression && type !== "Exact" && EXPRESSION.test(written);
  const pattern = asPattern ? pathPattern(written) : undefined;
  if (asPattern && !pattern) {
    const message = `the path ${JSON.stringify(written)} of ${host || "*"} is no regular expression (RE2's syntax); it is left out`;
    problems.push({ reason: "InvalidPath", message });
    return undefined;
  }
  if (backend.resource) problems.push(unsupported(`the path ${JSON.stringify(written)} of ${host || "*"}`));
  return { host, path: written, type, pattern, backend: backendRef(namespace, backend) };
}

const unsupported = (where: string): Problem => ({
  reason: "UnsupportedBackend",
  message: `${where} leads to a resource, which nothing here serves: use a service`,
});

/** A block without hosts is for all hosts of the ingress. */
function tlsOf({ spec }: Ingress, namespace: string, hosts: readonly string[]): TlsHost[] {
  return (spec.tls ?? []).flatMap(({ hosts: named, secretName }) =>
    (named?.length ? named : hosts).map((host) => ({
      host: host.toLowerCase(),
      secret: secretName ? `${namespace}/${secretName}` : "",
    })),
  );
}
