/** Which requests an authorization webhook is asked about: expressions over the review that it would be sent, all of which must hold. */
import { celTypes, formatIssues, kubernetesEnvironment, type Program } from "@kubets/cel";

const environment = kubernetesEnvironment.extend({ variables: { request: celTypes.dyn } });

/** "matches", "does not match", or why it cannot be told. */
export type MatchConditions = (request: object) => "matches" | "does not match" | { readonly failed: string };

export function compileConditions(sources: readonly string[]): MatchConditions | { readonly wrong: readonly string[] } {
  const wrong: string[] = [];
  const programs: Program[] = [];
  for (const source of sources) {
    const compiled = environment.compile(source, { expect: [celTypes.bool] });
    if (compiled.ok) programs.push(compiled.program);
    else wrong.push(formatIssues(compiled.errors));
  }
  return wrong.length ? { wrong } : (request) => verdict(programs, request);
}

/** One that does not hold decides, whatever else fails. */
function verdict(programs: readonly Program[], request: object): ReturnType<MatchConditions> {
  let failed: string | undefined;
  for (const program of programs) {
    try {
      if (program.evaluate({ request }) !== true) return "does not match";
    } catch (error) {
      failed ??= `cel evaluation error: expression '${program.source}' resulted in error: ${(error as Error).message}`;
    }
  }
  return failed === undefined ? "matches" : { failed };
}
