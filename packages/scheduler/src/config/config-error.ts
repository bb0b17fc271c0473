/** A configuration that cannot be used, with all that is wrong with it. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`the scheduler's configuration cannot be used: ${problems.join("; ")}`);
    this.problems = problems;
  }
}
