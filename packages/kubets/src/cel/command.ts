/** `kubets cel EXPR --on FILE`: evaluates an expression as the API server would, and says what is wrong and where. */
import { readFileSync } from "node:fs";
import {
  Budget,
  CelEvaluationError,
  celTypes,
  formatIssues,
  formatType,
  kubernetesEnvironment,
  toJson,
} from "@kubets/cel/cel";
import { type JsonValue, stringifyJson } from "@kubets/machinery";
import { defineCommand } from "@kubets/machinery/command";
import { ExitError, exitCode } from "@kubets/machinery/exit-codes";
import { bool, choice, defineFlags, file } from "@kubets/machinery/flags";
import { parseYaml, toYaml, YamlError } from "@kubets/machinery/yaml";

const flags = defineFlags({
  on: file({
    help: "The object, as JSON or YAML; - reads it from standard input. Expressions call it object or self.",
  }),
  old: file({ help: "What the object was before: oldObject or oldSelf." }),
  params: file({ help: "The parameters of a policy: params." }),
  cost: bool({ help: "Also tell the type, the cost and the estimate of the cost, on standard error." }),
  output: choice(["json", "yaml"], { default: "json", short: "o", help: "How to show the result." }),
});

export const celCommand = defineCommand({
  name: "cel",
  summary: "Evaluate an expression of policies and custom resource rules on an object",
  description:
    "Compiles and evaluates an expression with Kubernetes' libraries and cost limits, and prints the result. No cluster is needed. What is wrong is shown with its place, and the exit code is 1; it is also 1 where the result is false, so that a script can ask.",
  examples: [
    "kubets cel 'object.spec.replicas <= 5' --on deployment.yaml",
    "kubets cel 'self.spec.hosts.all(h, h.endsWith(\".example.com\"))' --on route.yaml",
    "kubets cel 'oldObject.spec.size <= object.spec.size' --old before.yaml --on after.yaml",
    "kubectl get pod web-0 -o json | kubets cel 'object.spec.containers.map(c, c.image)' --on - -o yaml",
    "kubets cel --cost \"quantity('1.5Gi').isGreaterThan(quantity('1G'))\"",
  ],
  usage: "EXPRESSION [--on FILE] [flags]",
  flags,
  run({ values, args, io }) {
    const [source] = args;
    if (source === undefined || args.length > 1)
      throw new ExitError(
        exitCode.usage,
        "give one expression, in quotes: kubets cel 'object.spec.replicas > 1' --on FILE",
      );
    const activation = {
      ...variables(["object", "self"], values.on),
      ...variables(["oldObject", "oldSelf"], values.old),
      ...variables(["params"], values.params),
    };
    const types = Object.fromEntries(Object.keys(activation).map((name) => [name, celTypes.dyn]));
    const compiled = kubernetesEnvironment.extend({ variables: types }).compile(source);
    if (!compiled.ok)
      throw new ExitError(exitCode.failure, `the expression is wrong:\n${formatIssues(compiled.errors)}`);
    const { program } = compiled;
    const budget = new Budget(0);
    try {
      const result = toJson(program.evaluate(activation, { budget }));
      io.output(values.output === "yaml" ? toYaml(result) : `${stringifyJson(result, 2)}\n`);
      return result === false ? exitCode.failure : exitCode.ok;
    } catch (error) {
      if (!(error instanceof CelEvaluationError)) throw error;
      throw new ExitError(exitCode.failure, `the expression has no value here: ${error.message}`);
    } finally {
      const { min, max } = program.estimateCost();
      const most = max >= 2 ** 64 ? "without end" : String(max);
      if (values.cost)
        io.error(`type ${formatType(program.type)}, cost ${-budget.remaining}, estimated ${min} to ${most}\n`);
    }
  },
});

/** The object of a file under its names; no names without a file. */
function variables(names: readonly string[], path: string): Record<string, JsonValue> {
  if (path === "") return {};
  const object = read(path);
  return Object.fromEntries(names.map((name) => [name, object]));
}

function read(path: string): JsonValue {
  try {
    return parseYaml(readFileSync(path === "-" ? 0 : path));
  } catch (error) {
    if (error instanceof YamlError) throw new ExitError(exitCode.failure, `${path} cannot be read: ${error.message}`);
    throw new ExitError(exitCode.failure, error instanceof Error ? error.message : String(error));
  }
}
