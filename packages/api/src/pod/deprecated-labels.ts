/** Labels of nodes that got new names. */
const RENAMED: Readonly<Record<string, readonly [since: string, name: string]>> = {
  "beta.kubernetes.io/arch": ["v1.14", "kubernetes.io/arch"],
  "beta.kubernetes.io/os": ["v1.14", "kubernetes.io/os"],
  "failure-domain.beta.kubernetes.io/region": ["v1.17", "topology.kubernetes.io/region"],
  "failure-domain.beta.kubernetes.io/zone": ["v1.17", "topology.kubernetes.io/zone"],
  "beta.kubernetes.io/instance-type": ["v1.17", "node.kubernetes.io/instance-type"],
};

export function deprecatedNodeLabel(key: string): string | undefined {
  const found = Object.hasOwn(RENAMED, key) ? RENAMED[key] : undefined;
  return found && `deprecated since ${found[0]}; use "${found[1]}" instead`;
}
