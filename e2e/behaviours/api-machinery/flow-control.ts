/** The resources of priority and fairness, with every verb. */
import { flowschemas, prioritylevelconfigurations } from "@kubets/api/generated/refs";
import { behaviour } from "../behaviour.ts";
import { everyVerb, statusVerbs } from "../verbs.ts";

behaviour(
  "[sig-api-machinery] API priority and fairness should support FlowSchema API operations [Conformance]",
  { on: "api" },
  async (t) => {
    const spec = {
      matchingPrecedence: 10_000,
      priorityLevelConfiguration: { name: "global-default" },
      rules: [
        {
          subjects: [{ kind: "User" as const, user: { name: "example-e2e-non-existent-user" } }],
          nonResourceRules: [{ verbs: ["*"], nonResourceURLs: ["*"] }],
        },
      ],
    };
    await everyVerb(t, flowschemas, (name, labels) => ({ metadata: { name, labels }, spec }));
    const name = t.name("schema");
    t.cleanup(() => t.client.delete(flowschemas, { name }));
    await t.client.create(flowschemas, { metadata: { name }, spec });
    await statusVerbs(t, flowschemas, name);
  },
);

behaviour(
  "[sig-api-machinery] API priority and fairness should support PriorityLevelConfiguration API operations [Conformance]",
  { on: "api" },
  async (t) => {
    const spec = {
      type: "Limited",
      limited: { nominalConcurrencyShares: 2, limitResponse: { type: "Reject" } },
    };
    await everyVerb(t, prioritylevelconfigurations, (name, labels) => ({ metadata: { name, labels }, spec }));
    const name = t.name("level");
    t.cleanup(() => t.client.delete(prioritylevelconfigurations, { name }));
    await t.client.create(prioritylevelconfigurations, { metadata: { name }, spec });
    await statusVerbs(t, prioritylevelconfigurations, name);
  },
);
