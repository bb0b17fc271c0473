/**
 * `npm run soak -- expressions [--minutes 60] [--seed N]`: random and hostile expressions in policies and in the rules of custom kinds, random schemas, and
 * small and large objects to judge, against a whole API server over memory. Every answer is one that clients know, and nothing holds the server up: the
 * longest turn of its event loop is at most --longest milliseconds of CPU, which does not depend on what else the machine does.
 */
import assert from "node:assert/strict";
import {
  customresourcedefinitions,
  validatingadmissionpolicies,
  validatingadmissionpolicybindings,
} from "@kubets/api/generated/refs";
import type { ResourceRef } from "@kubets/api/resource-ref";
import { startTestServer } from "@kubets/apiserver/testing/server";
import { StatusError, seededRandom } from "@kubets/machinery";
import { defineFlags, int, number, parseFlags } from "@kubets/machinery/flags";
import { Inputs } from "./inputs.ts";
import { Turns } from "./turns.ts";

const flags = defineFlags({
  minutes: number({ default: 60, help: "For how long." }),
  seed: int({ default: Date.now() % 1_000_000, help: "Of the random choices." }),
  longest: number({ default: 10, help: "Milliseconds of CPU that a turn of the loop may take." }),
});
const GROUP = "fuzz.example.com";
/** Until what runs often is compiled, by V8 too. */
const WARM_ROUNDS = 40;

const { minutes, seed, longest } = parseFlags(flags, process.argv.slice(2)).values;
const inputs = new Inputs(seededRandom(seed), seed);
const { server, admin, close } = await startTestServer();
const turns = new Turns();
const outcomes = new Map<string, number>();

/** What a client is told: done, or why not. Anything but a refusal is a bug. */
async function outcome(what: string, run: () => Promise<unknown>): Promise<boolean> {
  let told = "done";
  try {
    await turns.during(`${what} in round ${rounds}`, run);
  } catch (error) {
    if (!(error instanceof StatusError) || (error.status.code ?? 500) >= 500) {
      console.error(`${what} failed: --seed ${seed}, round ${rounds}, about ${about.slice(0, 4000)}`);
      throw error;
    }
    told = error.status.reason ?? "";
  }
  const key = `${what}: ${told}`;
  outcomes.set(key, (outcomes.get(key) ?? 0) + 1);
  return told === "done";
}

const kindOf = (plural: string, kind: string) =>
  ({ group: GROUP, version: "v1", resource: plural, kind, namespaced: false }) as unknown as ResourceRef<never>;

/** Defines a kind and waits until it is served; false when the server would not have it. */
async function define(plural: string, kind: string, spec: object): Promise<boolean> {
  const definition = {
    metadata: { name: `${plural}.${GROUP}` },
    spec: {
      group: GROUP,
      scope: "Cluster",
      names: { plural, kind },
      versions: [
        {
          name: "v1",
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: "object", properties: { spec } } },
          subresources: { status: {} },
        },
      ],
    },
  };
  if (!(await outcome("definition", () => admin.create(customresourcedefinitions, definition as never)))) return false;
  await turns.during("serving", async () => {
    while (!server.context.served.get(GROUP, "v1", plural)) await new Promise(setImmediate);
  });
  return true;
}

let rounds = 0;
/** What the round tries, to be told when it goes wrong. */
let about = "";
let objects = 0;

async function judged(plural: string, kind: string, spec: unknown): Promise<void> {
  const name = `o${++objects}`;
  const object = { apiVersion: `${GROUP}/v1`, kind, metadata: { name }, spec };
  const ref = kindOf(plural, kind);
  const size = JSON.stringify(spec ?? null).length;
  const what = size > 50_000 ? "large object" : "object";
  if (!(await outcome(what, () => admin.create(ref, object as never)))) return;
  const body = { metadata: { labels: { changed: "yes" } } };
  await outcome(`${what} changed`, () => admin.patch(ref, { name }, { type: "merge", body }));
  await outcome("object deleted", () => admin.delete(ref, { name }));
}

/** A policy about the open kind, and objects for it. */
async function policyRound(): Promise<void> {
  const name = `p${rounds}`;
  const spec = {
    matchConstraints: {
      resourceRules: [
        { apiGroups: [GROUP], apiVersions: ["v1"], operations: ["CREATE", "UPDATE"], resources: ["opens"] },
      ],
    },
    matchConditions: inputs.chance(0.2) ? [{ name: "c", expression: inputs.condition("object.spec") }] : [],
    variables: inputs.chance(0.3) ? [{ name: "v", expression: inputs.expression("object.spec") }] : [],
    validations: inputs.several(1, 3, () => ({
      expression: inputs.condition("object.spec"),
      ...(inputs.chance(0.3) && { messageExpression: inputs.message("object.spec") }),
    })),
  };
  about = JSON.stringify(spec);
  if (
    !(await outcome("policy", () => admin.create(validatingadmissionpolicies, { metadata: { name }, spec } as never)))
  )
    return;
  const binding = { metadata: { name }, spec: { policyName: name, validationActions: ["Deny"] } };
  await outcome("binding", () => admin.create(validatingadmissionpolicybindings, binding as never));
  for (let i = 0; i < 3; i++) await judged("opens", "Open", inputs.values());
  await admin.delete(validatingadmissionpolicybindings, { name });
  await admin.delete(validatingadmissionpolicies, { name });
}

/** A kind with a schema, and objects for it. */
async function schemaRound(): Promise<void> {
  const [plural, kind] = [`kinds${rounds}`, `Kind${rounds}`];
  const schema = inputs.schema();
  about = JSON.stringify(schema);
  if (!(await define(plural, kind, schema))) return;
  for (let i = 0; i < 3; i++) await judged(plural, kind, inputs.valueOf(schema));
  await admin.delete(customresourcedefinitions, { name: `${plural}.${GROUP}` });
}

console.log(`${minutes} minutes with --seed ${seed}`);
assert.ok(await define("opens", "Open", { type: "object", "x-kubernetes-preserve-unknown-fields": true }));
const until = performance.now() + minutes * 60_000;
for (; performance.now() < until; rounds++) {
  if (rounds === WARM_ROUNDS) turns.forget();
  await (inputs.chance(0.5) ? policyRound() : schemaRound());
}
await close();
for (const [what, times] of [...outcomes].sort(([a], [b]) => (a < b ? -1 : 1)))
  console.log(`${String(times).padStart(8)}  ${what}`);
console.log(`${rounds} rounds; ${turns.summary()}`);
for (const [what, ms] of turns.longest) console.log(`${ms.toFixed(1).padStart(8)} ms  ${what}`);
const [most] = turns.longest;
assert.ok(!most || most[1] <= longest, `a turn of the loop took ${most?.[1].toFixed(1)} ms of CPU: ${most?.[0]}`);
