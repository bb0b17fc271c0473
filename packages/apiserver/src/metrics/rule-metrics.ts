/** What is told of the rules of custom kinds, by the original's names. They are counted where they are compiled and held against objects. */
import { ruleTimes } from "@kubets/api/rules/rule-times";
import type { MetricsRegistry } from "@kubets/machinery/metrics";

export function ruleMetrics(registry: MetricsRegistry): void {
  const { compilation, evaluation, comparison } = ruleTimes;
  registry.shared(
    {
      name: "apiserver_cel_compilation_duration_seconds",
      help: "How long it took to compile the rules of one schema, in seconds.",
    },
    compilation,
  );
  registry.shared(
    {
      name: "apiserver_cel_evaluation_duration_seconds",
      help: "How long it took to hold all rules against one object, in seconds.",
    },
    evaluation,
  );
  registry.shared(
    {
      name: "apiextensions_apiserver_validation_ratcheting_seconds",
      help: "How long changed custom objects were compared with what was before, in seconds.",
    },
    comparison,
  );
}
