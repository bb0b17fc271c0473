/**
 * Keeps what V8 makes of the bundle's text beside it, so that a start does not compile it once more. The build fills the folder; another Node than the one of
 * the build adds its own where it may write, and starts as if there were none where not.
 */
import { enableCompileCache } from "node:module";
import { join } from "node:path";

/** Beside the bundle. */
export const COMPILED_CODE = "compiled";

/** For all that is imported from now on; source, which changes, is compiled each time. */
export function useCompiledCode(program: string): void {
  if (program.endsWith(".js")) enableCompileCache({ directory: join(program, "..", COMPILED_CODE), portable: true });
}
