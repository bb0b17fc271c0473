/** Opens an object in an editor, and writes what was changed. */
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deepEqual } from "@kubets/machinery/deep-equal";
import { parseYaml, toYaml } from "@kubets/machinery/yaml";
import { patchObject } from "../api/write.ts";
import { structFor } from "../apply/struct.ts";
import { threeWayPatch } from "../apply/three-way.ts";
import { asError, errorText, UsageError } from "../errors.ts";
import { type JsonObject, withoutManagedFields } from "../json.ts";
import { resultPrinter } from "../print/result.ts";
import { type Info, select } from "../resources/select.ts";
import { defineVerb } from "../verb.ts";
import { fieldManagerFlag, fileFlags, outputFlags, text } from "./flags.ts";

const HEAD = `# Please edit the object below. Lines beginning with a '#' will be ignored,
# and an empty file will abort the edit. If an error occurs while saving this file will be
# reopened with the relevant failures.
#
`;

export const edit = defineVerb({
  name: "edit",
  summary: "Change an object in an editor",
  usage: "(TYPE NAME | TYPE/NAME | -f FILE) [flags]",
  flags: {
    ...fileFlags,
    ...outputFlags,
    ...fieldManagerFlag("kubectl-edit"),
    subresource: text({ help: "Change a part of it." }),
  },
  async run(session, { flags, args }) {
    const api = await session.api();
    const tell = await resultPrinter(session, { ...flags, output: "" });
    const { infos, errors } = await select(api, {
      verb: "edit",
      args,
      files: flags.filename,
      recursive: flags.recursive,
      subresource: flags.subresource,
    });
    if (errors[0]) throw errors[0];
    const folder = await mkdtemp(join(tmpdir(), "kubectl-edit-"));
    try {
      for (const info of infos) await editOne(info);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }

    async function editOne(info: Info): Promise<void> {
      const path = join(folder, `${info.name}.yaml`);
      const before = withoutManagedFields(info.object);
      let shown = HEAD + toYaml(before);
      for (;;) {
        await writeFile(path, shown, { mode: 0o600 });
        await openEditor(path, session.machine.reading.env);
        const written = await readFile(path, "utf8");
        const plain = written.replace(/^#.*\n?/gm, "");
        if (plain.trim() === "" || written === shown) return session.note("Edit cancelled, no changes made.");
        try {
          const after = parseYaml(plain) as JsonObject;
          if (deepEqual(after, before)) return session.note("Edit cancelled, no changes made.");
          const struct = structFor(info.resource);
          const patch = threeWayPatch(before, after, before, struct);
          const type = struct ? "strategic" : "merge";
          const answer = await patchObject(api, info, type, patch, {
            fieldManager: flags["field-manager"],
            subresource: flags.subresource,
          });
          return tell(info, answer, "edited");
        } catch (error) {
          const problem = errorText(asError(error));
          if (shown.includes(problem)) throw new UsageError(`Edit cancelled, no valid changes were saved.`);
          shown =
            HEAD +
            problem
              .split("\n")
              .map((line) => `# ${line}\n`)
              .join("") +
            "#\n" +
            plain;
        }
      }
    }
  },
});

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
