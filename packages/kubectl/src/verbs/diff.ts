/**
 * Shows what applying files would change, as diff shows it. Ends with 0 where nothing would, with 1 where something would.
 * Holds: what secrets hold is never shown, only whether it differs.
 */
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atOnce } from "@kubets/machinery/at-once";
import { isReason } from "@kubets/machinery/status-error";
import { toYaml } from "@kubets/machinery/yaml";
import { applyObject } from "../apply/apply-object.ts";
import { prunable } from "../apply/prune.ts";
import { UsageError } from "../errors.ts";
import { at, type JsonObject, mapAt, textAt, withoutManagedFields } from "../json.ts";
import { apiVersionOf, pathOf } from "../resources/mapper.ts";
import { type Info, select } from "../resources/select.ts";
import { labelSelectorOfText } from "../resources/selector.ts";
import type { Session } from "../session.ts";
import { defineVerb } from "../verb.ts";
import { bool, fieldManagerFlag, fileFlags, int, list, selectorFlag } from "./flags.ts";

export const diff = defineVerb({
  name: "diff",
  summary: "Show what applying files would change",
  usage: "-f FILENAME [flags]",
  examples: ["kubectl diff -f web.yaml"],
  flags: {
    ...fileFlags,
    ...selectorFlag,
    ...fieldManagerFlag("kubectl-client-side-apply"),
    "server-side": bool({ help: "Let the server merge, by who owns which field." }),
    "force-conflicts": bool({ help: "With --server-side: take over fields that others own." }),
    concurrency: int({ help: "How many objects to look at at once.", default: 1 }),
    prune: bool({ help: "Also what --prune would delete." }),
    "prune-allowlist": list({ help: "With --prune: only these kinds, GROUP/VERSION/KIND." }),
    "show-managed-fields": bool({ help: "Show managedFields too." }),
  },
  async run(session, { flags, args, given }) {
    if (args.length > 0) throw new UsageError(`Unexpected args: [${args.join(" ")}]`);
    if (flags.filename.length === 0) throw new UsageError("must specify one of -f and -k");
    const api = await session.api();
    const { infos, errors } = await select(api, {
      verb: "diff",
      args,
      files: flags.filename,
      recursive: flags.recursive,
      local: true,
    });
    if (errors[0]) throw errors[0];
    const matches = labelSelectorOfText(flags.selector);
    const serverSide = flags["server-side"];
    const sides = {
      live: await mkdtemp(join(tmpdir(), "LIVE-")),
      merged: await mkdtemp(join(tmpdir(), "MERGED-")),
    };
    try {
      const chosen = infos.filter(({ object }) => matches(object));
      const seen = new Set<string>();
      await atOnce(Math.max(flags.concurrency, 1), chosen, putBoth);
      if (flags.prune) {
        const looked = { selector: flags.selector, allowlist: flags["prune-allowlist"], applied: chosen, uids: seen };
        for await (const info of prunable(api, looked))
          await writeFile(join(sides.live, fileName(info)), toYaml(withoutManagedFields(info.object)), { mode: 0o600 });
      }
      return await compare(session, sides.live, sides.merged);

      async function putBoth(info: Info): Promise<void> {
        const live = await api.rest
          .get(pathOf(info.resource, info.namespace, info.name), { of: { resource: info.resource, name: info.name } })
          .catch((error: unknown) => {
            if (isReason(error, "NotFound")) return undefined;
            throw error;
          });
        const { object } = await applyObject(api, info, {
          dryRun: "server",
          serverSide,
          forceConflicts: flags["force-conflicts"],
          overwrite: true,
          unannotated: true,
          fieldManager: serverSide && !given.has("field-manager") ? "kubectl" : flags["field-manager"],
          fieldValidation: "Ignore",
          warn: () => {},
        });
        const shown = (one: JsonObject) => (flags["show-managed-fields"] ? one : withoutManagedFields(one));
        const [before, after] = masked(live && shown(live), shown(object));
        const name = fileName(info);
        if (before) await writeFile(join(sides.live, name), toYaml(before), { mode: 0o600 });
        await writeFile(join(sides.merged, name), toYaml(after), { mode: 0o600 });
        seen.add(textAt(object, "metadata", "uid"));
      }
    } finally {
      for (const side of Object.values(sides)) await rm(side, { recursive: true, force: true });
    }
  },
});

const fileName = ({ resource, namespace = "", name }: Info) =>
  [apiVersionOf(resource).replace("/", "."), resource.kind, namespace, name].join(".");

/** Values of secrets as marks: the same where they are the same. */
function masked(before: JsonObject | undefined, after: JsonObject): [JsonObject | undefined, JsonObject] {
  if (textAt(after, "kind") !== "Secret" || textAt(after, "apiVersion") !== "v1") return [before, after];
  const [was, now] = [mapAt(before, "data"), mapAt(after, "data")];
  const hide = (data: Record<string, string>, other: Record<string, string>, note: string) =>
    Object.fromEntries(
      Object.entries(data).map(([key, value]) => [key, key in other && other[key] !== value ? `*** (${note})` : "***"]),
    );
  const withData = (object: JsonObject, data: Record<string, string>): JsonObject =>
    at(object, "data") === undefined ? object : { ...object, data };
  return [before && withData(before, hide(was, now, "before")), withData(after, hide(now, was, "after"))];
}

/** By the program that the environment names, or diff. */
function compare(session: Session, live: string, merged: string): Promise<number> {
  const own = session.machine.reading.env["KUBECTL_EXTERNAL_DIFF"];
  const [program = "diff", ...options] = own ? own.split(/\s+/) : ["diff", "-u", "-N"];
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...options, live, merged], { stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.setEncoding("utf8").on("data", (text: string) => session.io.output(text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => session.io.error(text));
    child.once("error", (error) =>
      reject(new UsageError(`failed to run ${JSON.stringify(program)}: ${error.message}`)),
    );
    child.once("close", (code) => resolve(code ?? 1));
  });
}
