/** `node bench/cel.ts`: evaluations of typical expressions in a second, what they cost, and how long the limit of costs lasts. */
import { Budget, CelEvaluationError, celTypes, kubernetesEnvironment, type Program } from "@kubets/cel/cel";

const variables = { object: celTypes.dyn, params: celTypes.dyn };
const environment = kubernetesEnvironment.extend({ variables });
/** Calls between two looks at the clock. */
const LOOK = 16;
const activation = {
  params: { maxReplicas: 5 },
  object: {
    metadata: { name: "web", labels: { app: "web" } },
    spec: {
      replicas: 3,
      containers: Array.from({ length: 10 }, (_, i) => ({
        name: `c${i}`,
        image: `registry.example.com/team/c${i}:1.0`,
      })),
    },
    list: Array.from({ length: 2000 }, (_, i) => i),
  },
};

function program(source: string): Program {
  const compiled = environment.compile(source);
  if (!compiled.ok) throw new Error(compiled.errors[0]?.text);
  return compiled.program;
}

/** Milliseconds of CPU of this thread. */
function cpu(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** Microseconds of CPU of one call, over about half a second, after some to warm up. */
function micros(call: () => void): number {
  const once = (ms: number): [calls: number, ms: number] => {
    const began = cpu();
    let calls = 0;
    for (; calls % LOOK > 0 || cpu() - began < ms; calls++) call();
    return [calls, cpu() - began];
  };
  once(200);
  const [calls, ms] = once(500);
  return (ms * 1000) / calls;
}

for (const source of [
  "object.spec.replicas <= params.maxReplicas && has(object.metadata.labels)",
  "object.spec.containers.all(c, c.image.startsWith('registry.example.com/'))",
  "object.spec.containers.all(c, c.image.matches('^registry[.]example[.]com/.*:[0-9.]+$'))",
  "quantity('1.5Gi').isGreaterThan(quantity('1G')) && object.metadata.name.size() < 63",
  "object.list.map(x, x + 1).filter(x, x % 2 == 0).sum() > 0",
]) {
  const compiled = program(source);
  const budget = new Budget(0);
  compiled.evaluate(activation, { budget });
  const each = micros(() => void compiled.evaluate(activation));
  const compiling = micros(() => void program(source));
  console.log(
    `${each.toFixed(2)} us, ${Math.round(1e6 / each)}/s, cost ${-budget.remaining}, compiled in ${compiling.toFixed(0)} us: ${source}`,
  );
}

const endless = program("object.list.all(x, object.list.all(y, x + y >= 0))");
const began = cpu();
try {
  endless.evaluate(activation);
} catch (error) {
  if (!(error instanceof CelEvaluationError)) throw error;
}
console.log(`${(cpu() - began).toFixed(1)} ms to the cost limit of one evaluation`);
