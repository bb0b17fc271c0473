/** Where a pod reads secrets: its volumes and the environment of its containers. Pull secrets are the caller's to look at. */
import type { Container, Pod } from "@kubets/api/generated/types/core-v1";

interface SecretReference {
  /** In the words of a refusal: `container c with envVar A referencing`. */
  readonly where: string;
  readonly secret: string;
}

export function secretsOf({ spec }: Pod): SecretReference[] {
  const found: SecretReference[] = [];
  for (const { secret, projected } of spec.volumes ?? []) {
    if (secret) found.push({ where: "volume with", secret: secret.secretName ?? "" });
    for (const source of projected?.sources ?? [])
      if (source.secret) found.push({ where: "volume with", secret: source.secret.name ?? "" });
  }
  const kinds: [string, readonly Pick<Container, "name" | "env" | "envFrom">[] | undefined][] = [
    ["init container", spec.initContainers],
    ["container", spec.containers],
    ["ephemeral container", spec.ephemeralContainers],
  ];
  for (const [kind, containers] of kinds)
    for (const container of containers ?? []) found.push(...environmentOf(kind, container));
  return found;
}

function environmentOf(
  kind: string,
  { name, env = [], envFrom = [] }: Pick<Container, "name" | "env" | "envFrom">,
): SecretReference[] {
  return [
    ...env.flatMap(({ name: variable, valueFrom }) => {
      const secret = valueFrom?.secretKeyRef?.name;
      return secret ? [{ where: `${kind} ${name} with envVar ${variable} referencing`, secret }] : [];
    }),
    ...envFrom.flatMap(({ secretRef }) =>
      secretRef?.name ? [{ where: `${kind} ${name} with envFrom referencing`, secret: secretRef.name }] : [],
    ),
  ];
}
