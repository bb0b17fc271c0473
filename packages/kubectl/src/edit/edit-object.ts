/**
 * An object in a person's editor: shown as YAML or JSON, read back, saved; what cannot be saved is shown again with the reason.
 * Holds: what was written is not lost: where it cannot be saved a second time in the same way, it is kept in a file and told of.
 */
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deepEqual } from "@kubets/machinery/deep-equal";
import { jsonText } from "@kubets/machinery/json-text";
import { isObject } from "@kubets/machinery/json-value";
import { parseYaml, toYaml } from "@kubets/machinery/yaml";
import { asError, errorText, UsageError } from "../errors.ts";
import type { JsonObject } from "../json.ts";
import type { Session } from "../session.ts";

const HEAD = `# Please edit the object below. Lines beginning with a '#' will be ignored,
# and an empty file will abort the edit. If an error occurs while saving this file will be
# reopened with the relevant failures.
#
`;

interface EditOptions {
  readonly output: string;
  readonly windowsLineEndings: boolean;
  /** Also what was not changed is saved. */
  readonly always?: boolean;
}

export async function editObject(
  session: Session,
  before: JsonObject,
  options: EditOptions,
  save: (after: JsonObject) => Promise<void>,
): Promise<void> {
  const json = options.output === "json";
  const folder = await mkdtemp(join(tmpdir(), "kubectl-edit-"));
  const path = join(folder, `object.${json ? "json" : "yaml"}`);
  let keep = false;
  try {
    let problem = "";
    for (let body = json ? `${jsonText(before, 4)}\n` : toYaml(before); ; ) {
      const shown = HEAD + problemText(problem) + body;
      await writeFile(path, options.windowsLineEndings ? shown.replaceAll("\n", "\r\n") : shown, { mode: 0o600 });
      await openEditor(path, session.machine.reading.env);
      const written = (await readFile(path, "utf8")).replaceAll("\r\n", "\n");
      const plain = written.replace(/^#.*\n?/gm, "");
      if (plain.trim() === "") return session.note("Edit cancelled, saved file was empty.");
      if (written === shown) {
        if (problem) {
          keep = true;
          session.note(`A copy of your changes has been stored to ${JSON.stringify(path)}`);
          throw new UsageError("Edit cancelled, no valid changes were saved.");
        }
        if (!options.always) return session.note("Edit cancelled, no changes made.");
      }
      try {
        const after = parseYaml(plain);
        if (!isObject(after)) throw new UsageError("what was saved is no object");
        if (!options.always && deepEqual(after, before)) return session.note("Edit cancelled, no changes made.");
        return await save(after);
      } catch (error) {
        problem = errorText(asError(error));
        body = plain;
      }
    }
  } finally {
    if (!keep) await rm(folder, { recursive: true, force: true });
  }
}

const problemText = (problem: string): string =>
  problem &&
  `${problem
    .split("\n")
    .map((line) => `# ${line}\n`)
    .join("")}#\n`;

function openEditor(path: string, env: Readonly<Record<string, string | undefined>>): Promise<void> {
  const editor = env.KUBE_EDITOR || env.EDITOR || "vi";
  return new Promise((resolve, reject) => {
    const child = spawn("sh", ["-c", `${editor} "$0"`, path], { stdio: "inherit" });
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve();
      else reject(new UsageError(`there was a problem with the editor ${JSON.stringify(editor)}`));
    });
  });
}
