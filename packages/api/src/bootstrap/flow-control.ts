/** How a fresh server shares itself out: priority levels, and the schemas that sort requests into them. */
import type {
  FlowSchema,
  LimitedPriorityLevelConfiguration,
  PolicyRulesWithSubjects,
  PriorityLevelConfiguration,
  Subject,
} from "../generated/types/flowcontrol-v1.ts";
import type { Input } from "../meta.ts";

const apiVersion = "flowcontrol.apiserver.k8s.io/v1";
const metadata = (name: string) => ({ name, annotations: { "apf.kubernetes.io/autoupdate-spec": "true" } });

type Queues = readonly [queues: number, handSize: number];
type Limited = Input<LimitedPriorityLevelConfiguration>;

/** Requests over the level's share wait in queues, or are turned away where it has none. */
const level = (name: string, shares: number, lendablePercent: number, queues?: Queues) => {
  const limitResponse: Limited["limitResponse"] = queues
    ? { type: "Queue", queuing: { queues: queues[0], handSize: queues[1], queueLengthLimit: 50 } }
    : { type: "Reject" };
  const limited: Limited = { nominalConcurrencyShares: shares, limitResponse, lendablePercent };
  return {
    apiVersion,
    kind: "PriorityLevelConfiguration",
    metadata: metadata(name),
    spec: { type: "Limited", limited },
  } satisfies Input<PriorityLevelConfiguration>;
};

export const priorityLevels: readonly Input<PriorityLevelConfiguration>[] = [
  {
    apiVersion,
    kind: "PriorityLevelConfiguration",
    metadata: metadata("exempt"),
    spec: { type: "Exempt", exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } },
  },
  level("catch-all", 5, 0),
  level("global-default", 20, 50, [128, 6]),
  level("leader-election", 10, 0, [16, 4]),
  level("node-high", 40, 25, [64, 6]),
  level("system", 30, 33, [64, 6]),
  level("workload-high", 40, 50, [128, 6]),
  level("workload-low", 100, 90, [128, 6]),
];

type Rule = Input<PolicyRulesWithSubjects>;
const user = (name: string): Subject => ({ kind: "User", user: { name } });
const group = (name: string): Subject => ({ kind: "Group", group: { name } });
const systemAccounts: Subject = { kind: "ServiceAccount", serviceAccount: { namespace: "kube-system", name: "*" } };
const everyone = [group("system:unauthenticated"), group("system:authenticated")];

const on = (apiGroup: string, resources: readonly string[], verbs: readonly string[], clusterScope = false) => ({
  verbs,
  apiGroups: [apiGroup],
  resources,
  ...(clusterScope && { clusterScope }),
  namespaces: ["*"],
});

/** Everything that these subjects do. */
const all = (...subjects: readonly Subject[]): Rule => ({
  subjects,
  resourceRules: [on("*", ["*"], ["*"], true)],
  nonResourceRules: [{ verbs: ["*"], nonResourceURLs: ["*"] }],
});

const schema = (
  name: string,
  levelName: string,
  matchingPrecedence: number,
  flows: "ByUser" | "ByNamespace" | undefined,
  rule: Rule,
): Input<FlowSchema> => ({
  apiVersion,
  kind: "FlowSchema",
  metadata: metadata(name),
  spec: {
    priorityLevelConfiguration: { name: levelName },
    matchingPrecedence,
    ...(flows && { distinguisherMethod: { type: flows } }),
    rules: [rule],
  },
});

export const flowSchemas: readonly Input<FlowSchema>[] = [
  schema("exempt", "exempt", 1, undefined, all(group("system:masters"))),
  schema("probes", "exempt", 2, undefined, {
    subjects: everyone,
    nonResourceRules: [{ verbs: ["get"], nonResourceURLs: ["/healthz", "/readyz", "/livez"] }],
  }),
  schema("system-leader-election", "leader-election", 100, "ByUser", {
    subjects: [user("system:kube-controller-manager"), user("system:kube-scheduler"), systemAccounts],
    resourceRules: [on("coordination.k8s.io", ["leases"], ["get", "create", "update"])],
  }),
  schema("system-node-high", "node-high", 400, "ByUser", {
    subjects: [group("system:nodes")],
    resourceRules: [on("", ["nodes", "nodes/status"], ["*"], true), on("coordination.k8s.io", ["leases"], ["*"])],
  }),
  schema("system-nodes", "system", 500, "ByUser", all(group("system:nodes"))),
  schema("kube-controller-manager", "workload-high", 800, "ByNamespace", all(user("system:kube-controller-manager"))),
  schema("kube-scheduler", "workload-high", 800, "ByNamespace", all(user("system:kube-scheduler"))),
  schema("kube-system-service-accounts", "workload-high", 900, "ByNamespace", all(systemAccounts)),
  schema("service-accounts", "workload-low", 9000, "ByUser", all(group("system:serviceaccounts"))),
  schema("global-default", "global-default", 9900, "ByUser", all(...everyone)),
  schema("catch-all", "catch-all", 10000, "ByUser", all(...everyone)),
];
