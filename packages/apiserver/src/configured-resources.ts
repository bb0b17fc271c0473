/** The resources that `--runtime-config` asks for; what it cannot mean ends the program with the reason. */
import type { ResourceDefinition } from "@kubets/api/resource";
import { servedResources } from "@kubets/api/runtime-config";
import { ExitError, exitCode } from "@kubets/machinery/exit-codes";

export function configuredResources(
  config: readonly string[],
  featureEnabled: (gate: string) => boolean,
): readonly ResourceDefinition[] {
  try {
    return servedResources(config, featureEnabled);
  } catch (error) {
    throw new ExitError(exitCode.usage, `--runtime-config: ${(error as Error).message}`);
  }
}
