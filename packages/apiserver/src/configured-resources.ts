/** The resources that `--runtime-config` asks for; what it cannot mean ends the program with the reason. */
import type { ResourceDefinition } from "@kubets/api/resource";
import { servedResources } from "@kubets/api/runtime-config";
import { ExitError, exitCode } from "@kubets/machinery/exit-codes";

export function configuredResources(config: readonly string[]): readonly ResourceDefinition[] {
  try {
    return servedResources(config);
  } catch (error) {
    throw new ExitError(exitCode.usage, `--runtime-config: ${(error as Error).message}`);
  }
}
