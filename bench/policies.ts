/**
 * What policies and webhooks cost: a request that none of them is about, however many there are, and requests that policies judge. The admission of an
 * API server in this process, over memory; nothing is written.
 */
import { validatingadmissionpolicies, validatingadmissionpolicybindings } from "@kubets/api/generated/refs";
import type { AdmissionRequest } from "@kubets/apiserver/admission/plugin";
import { Rounds } from "@kubets/apiserver/admission/rounds";
import { startTestServer } from "@kubets/apiserver/testing/server";

const OTHERS = 1000;
const REQUESTS = 200_000;
const JUDGED = 5000;

const { server, admin, close } = await startTestServer();
const { admission, served } = server.context;
const definition = served.get("", "v1", "configmaps")?.definition;
if (!definition) throw new Error("configmaps are not served");

const request = (): AdmissionRequest => ({
  operation: "CREATE",
  resource: definition,
  subresource: "",
  namespace: "default",
  name: "a",
  pathName: "",
  object: {
    kind: "ConfigMap",
    apiVersion: "v1",
    metadata: { name: "a", namespace: "default", labels: { team: "red" } },
    data: { a: "1", b: "2", c: "3" },
  } as unknown as AdmissionRequest["object"],
  old: undefined,
  user: { name: "somebody", groups: ["system:authenticated"] },
  dryRun: false,
  options: undefined,
  operationOptions: () => ({ kind: "CreateOptions", apiVersion: "meta.k8s.io/v1" }),
  rounds: new Rounds(),
  warn: () => {},
  annotate: () => {},
});

async function policy(name: string, resource: string): Promise<void> {
  await admin.create(validatingadmissionpolicies, {
    metadata: { name },
    spec: {
      matchConstraints: {
        resourceRules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: [resource] }],
      },
      variables: [{ name: "data", expression: "has(object.data) ? object.data : {}" }],
      validations: [
        { expression: "size(variables.data) < 10" },
        { expression: "object.metadata.labels['team'] in ['red', 'blue']" },
        { expression: "variables.data.all(k, variables.data[k].size() < 100)" },
      ],
    },
  });
  await admin.create(validatingadmissionpolicybindings, {
    metadata: { name },
    spec: { policyName: name, validationActions: ["Deny"] },
  });
}

/** Nanoseconds of a request's way through admission. */
async function measure(what: string, times: number): Promise<void> {
  for (let i = 0; i < times / 10; i++) await judge();
  const began = process.cpuUsage();
  for (let i = 0; i < times; i++) await judge();
  const { user, system } = process.cpuUsage(began);
  const each = ((user + system) * 1000) / times;
  console.log(`| ${what} | ${each < 10_000 ? `${each.toFixed(0)} ns` : `${(each / 1000).toFixed(1)} us`} |`);
}

function judge(): Promise<void> | undefined {
  const one = request();
  const changed = admission.mutate(one);
  return changed ? changed.then(() => admission.validate(one)) : admission.validate(one);
}

console.log("| admission of a ConfigMap | CPU |\n|---|---|");
await measure("no policy, no webhook", REQUESTS);
for (let i = 0; i < OTHERS; i++) await policy(`other-${i}`, "secrets");
await measure(`${OTHERS} policies about something else`, REQUESTS);
for (const count of [1, 10]) {
  for (let i = 0; i < count; i++) await policy(`own-${count}-${i}`, "configmaps");
  await measure(`${count === 1 ? 1 : count + 1} policies of three validations`, JUDGED);
}
await close();
