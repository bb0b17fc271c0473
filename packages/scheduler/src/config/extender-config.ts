/** The extenders of a KubeSchedulerConfiguration: their shape, and what is wrong with them. */
import { bool, duration, type Infer, int, list, object, optional, str } from "@kubets/machinery/config-file";

export const EXTENDER = object({
  urlPrefix: str(),
  filterVerb: str(),
  preemptVerb: str(),
  prioritizeVerb: str(),
  bindVerb: str(),
  weight: int(),
  enableHTTPS: bool(),
  tlsConfig: object({
    insecure: bool(),
    serverName: optional(str()),
    certFile: optional(str()),
    keyFile: optional(str()),
    caFile: optional(str()),
    certData: optional(str()),
    keyData: optional(str()),
    caData: optional(str()),
  }),
  httpTimeout: duration(5000),
  nodeCacheCapable: bool(),
  managedResources: list(object({ name: str(), ignoredByScheduler: bool() })),
  ignorable: bool(),
});

export type ExtenderConfig = Infer<typeof EXTENDER>;

export function extenderProblems(extenders: readonly ExtenderConfig[]): string[] {
  const problems: string[] = [];
  const managed = new Set<string>();
  for (const [i, { urlPrefix, prioritizeVerb, weight, managedResources }] of extenders.entries()) {
    const path = `extenders[${i}]`;
    if (!URL.canParse(urlPrefix))
      problems.push(`${path}.urlPrefix: must be a URL such as http://127.0.0.1:8888/scheduler`);
    if (prioritizeVerb && weight <= 0)
      problems.push(`${path}.weight: must have a positive weight applied to it, for it has a prioritizeVerb`);
    for (const { name } of managedResources) {
      if (!name.includes("/"))
        problems.push(`${path}.managedResources: ${JSON.stringify(name)} is no extended resource`);
      if (managed.has(name))
        problems.push(`${path}.managedResources: ${JSON.stringify(name)} is managed by another extender`);
      managed.add(name);
    }
  }
  const binders = extenders.filter(({ bindVerb }) => bindVerb).length;
  if (binders > 1) problems.push(`extenders: found ${binders} with a bindVerb, there can be one only`);
  return problems;
}
