/**
 * `npm run soak -- expressions [--minutes 60] [--seed N] [--from ROUND] [--rounds N]`: random and hostile expressions in policies and in the rules of custom kinds, random schemas, and
 * small and large objects to judge, against a whole API server over memory. Every answer is one that clients know, and nothing holds the server up: no
 * turn of its event loop takes more than --longest milliseconds of CPU. What a round tries hangs on the seed and its number alone, so a round with a longer
 * turn is tried again: what V8 compiled or collected meanwhile does not come back, what is judged does.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { seededRandom } from "@kubets/machinery";
import { defineFlags, int, list, number } from "@kubets/machinery/flags";
import { askedFor } from "./asked-for.ts";
import { Inputs } from "./inputs.ts";
import type { Answered, Told } from "./judging-server.ts";

const flags = defineFlags({
  minutes: number({ default: 60, help: "For how long." }),
  seed: int({ default: Date.now() % 1_000_000, help: "Of the random choices." }),
  from: int({ default: 0, help: "The round to begin with." }),
  rounds: int({ default: Number.MAX_SAFE_INTEGER, help: "How many rounds at most." }),
  again: list({ help: "Rounds that had long turns in another run: tried again behind the others." }),
  longest: number({ default: 10, help: "Milliseconds of CPU that a turn of the loop may take." }),
});
const IN_ROUND = " in round ";
const roundOf = (what: string) => Number(what.slice(what.indexOf(IN_ROUND) + IN_ROUND.length));
const GROUP = "fuzz.example.com";
const EXTENSIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const POLICIES = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies";
const BINDINGS = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings";
/** Until what runs often is compiled, by V8 too. */
const WARM_ROUNDS = 100;
const LARGE = 20_000;
/** More is refused before it is read. */
const MOST = 3 << 20;
const TRIES = 5;
const SHOWN = 12;

const {
  minutes,
  seed,
  from,
  rounds: most,
  again: others,
  longest,
} = askedFor("expressions ", "Random and hostile expressions, schemas and objects against an API server.", flags);
const outcomes = new Map<string, number>();
const server = new Worker(new URL("./judging-server.ts", import.meta.url), {
  execArgv: ["--disable-warning=ExperimentalWarning"],
});
await once(server, "message");

let rounds = from;
let inputs = inputsOf(rounds);
let objects = 0;
let asked = 0;
/** What the round tries, to be told when it goes wrong. */
let about: unknown;

function inputsOf(round: number): Inputs {
  const own = seed * 1_000_003 + round;
  return new Inputs(seededRandom(own), own);
}

/** What a client is told: done, or why not. Anything but a refusal is a bug. */
async function ask(what: string, method: string, path: string, object?: object): Promise<boolean> {
  server.postMessage({ id: ++asked, what: `${what}${IN_ROUND}${rounds}`, method, path, object });
  const [{ code, reason }] = (await once(server, "message")) as [Answered];
  assert.ok(
    code < 500,
    `${what}: ${code} ${reason}: --seed ${seed}, round ${rounds}, ${JSON.stringify(about).slice(0, 4000)}`,
  );
  const key = `${what}: ${reason}`;
  outcomes.set(key, (outcomes.get(key) ?? 0) + 1);
  return code < 300;
}

/** Defines a kind and waits until it is served; false when the server would not have it. */
async function define(plural: string, kind: string, spec: object): Promise<boolean> {
  about = spec;
  const version = {
    name: "v1",
    served: true,
    storage: true,
    schema: { openAPIV3Schema: { type: "object", properties: { spec } } },
    subresources: { status: {} },
  };
  const definition = {
    metadata: { name: `${plural}.${GROUP}` },
    spec: { group: GROUP, scope: "Cluster", names: { plural, kind }, versions: [version] },
  };
  if (!(await ask("definition", "POST", EXTENSIONS, definition))) return false;
  while (!(await ask("list", "GET", `/apis/${GROUP}/v1/${plural}`)));
  return true;
}

async function judged(plural: string, kind: string, spec: unknown): Promise<void> {
  const name = `o${++objects}`;
  const object = { apiVersion: `${GROUP}/v1`, kind, metadata: { name }, spec };
  const path = `/apis/${GROUP}/v1/${plural}`;
  const { length } = JSON.stringify(spec ?? null);
  if (length > MOST) return;
  const what = length > LARGE ? "large object" : "object";
  if (!(await ask(what, "POST", path, object))) return;
  await ask(`${what} changed`, "PATCH", `${path}/${name}`, { metadata: { labels: { changed: "yes" } } });
  await ask("object deleted", "DELETE", `${path}/${name}`);
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
  about = spec;
  if (!(await ask("policy", "POST", POLICIES, { metadata: { name }, spec }))) return;
  const binding = { metadata: { name }, spec: { policyName: name, validationActions: ["Deny"] } };
  await ask("binding", "POST", BINDINGS, binding);
  for (let i = 0; i < 3; i++) await judged("opens", "Open", inputs.values());
  await ask("binding deleted", "DELETE", `${BINDINGS}/${name}`);
  await ask("policy deleted", "DELETE", `${POLICIES}/${name}`);
}

/** A kind with a schema, and objects for it. */
async function schemaRound(): Promise<void> {
  const [plural, kind] = [`kinds${rounds}`, `Kind${rounds}`];
  const schema = inputs.schema();
  if (!(await define(plural, kind, schema))) return;
  for (let i = 0; i < 3; i++) await judged(plural, kind, inputs.valueOf(schema));
  await ask("definition deleted", "DELETE", `${EXTENSIONS}/${plural}.${GROUP}`);
}

/** What the server's turns were since they were last forgotten. */
async function told(): Promise<Told> {
  server.postMessage("tell");
  return ((await once(server, "message")) as [Told])[0];
}

async function oneRound(round: number): Promise<void> {
  rounds = round;
  inputs = inputsOf(round);
  await (inputs.chance(0.5) ? policyRound() : schemaRound());
}

/** The shortest of a round's longest turns, in milliseconds. */
async function again(round: number): Promise<number> {
  let shortest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < TRIES && shortest > longest; i++) {
    server.postMessage("forget");
    await oneRound(round);
    shortest = Math.min(shortest, (await told()).longest[0]?.[1] ?? 0);
  }
  return shortest;
}

console.log(`${minutes} minutes with --seed ${seed}`);
assert.ok(await define("opens", "Open", { type: "object", "x-kubernetes-preserve-unknown-fields": true }));
const until = performance.now() + minutes * 60_000;
let round = from;
for (; performance.now() < until && round - from < most; round++) {
  if (round - from === WARM_ROUNDS) server.postMessage("forget");
  await oneRound(round);
}
const all = await told();
for (const [what, times] of [...outcomes].sort(([a], [b]) => (a < b ? -1 : 1)))
  console.log(`${String(times).padStart(8)}  ${what}`);
console.log(`${round - from} rounds; ${all.summary}`);
const shown = (ms: number) => `${ms.toFixed(1).padStart(8)} ms`;
for (const [what, ms] of all.longest.slice(0, SHOWN)) console.log(`${shown(ms)}  ${what}`);
const found = all.longest.filter(([, ms]) => ms > longest).map(([what]) => roundOf(what));
const tooLong = new Set([...others.map(Number), ...found]);
let worst = 0;
for (const each of tooLong) {
  const ms = await again(each);
  console.log(`${shown(ms)}  at least, when round ${each} is tried again`);
  worst = Math.max(worst, ms);
}
await server.terminate();
assert.ok(
  worst <= longest,
  `rounds have turns of up to ${worst.toFixed(1)} ms of CPU (again: --seed ${seed} --from ROUND --rounds 1)`,
);
