/** Makes the roles and bindings of files hold: what is missing is created or added, what is extra goes only if asked. */
import { isReason } from "@kubets/machinery/status-error";
import { createObject, deleteObject, replaceObject } from "../api/write.ts";
import { isRole, reconciled } from "../auth/reconcile.ts";
import { asError, throwAll, UsageError } from "../errors.ts";
import { type JsonObject, listAt, mapAt, textAt, textsAt } from "../json.ts";
import { resultPrinter } from "../print/result.ts";
import { pathOf } from "../resources/mapper.ts";
import { type Info, select } from "../resources/select.ts";
import { defineVerb } from "../verb.ts";
import { bool, dryRunFlag, dryRunOf, fileFlags, outputFlags } from "./flags.ts";

export const reconcile = defineVerb({
  name: "reconcile",
  summary: "Make the roles and bindings of files hold",
  usage: "-f FILENAME [flags]",
  flags: {
    ...fileFlags,
    ...outputFlags,
    ...dryRunFlag,
    "remove-extra-permissions": bool({ help: "Take away what the file's roles do not give." }),
    "remove-extra-subjects": bool({ help: "Take away whom the file's bindings do not name." }),
  },
  async run(session, { flags, args }) {
    if (flags.filename.length === 0) throw new UsageError("must specify one of -f and -k");
    const dryRun = dryRunOf(flags["dry-run"]);
    if (dryRun === "server") throw new UsageError("--dry-run=server for command reconcile is not supported yet");
    const tell = await resultPrinter(session, { ...flags, typed: true });
    const api = await session.api();
    const { infos, errors } = await select(api, {
      verb: "reconcile",
      args,
      files: flags.filename,
      recursive: flags.recursive,
      local: true,
    });
    const failures = [...errors];
    for (const info of infos)
      await one(info).catch((error: unknown) => {
        failures.push(asError(error));
      });
    throwAll(failures);

    async function one(info: Info): Promise<void> {
      // As the original, which passes over everything else without a word.
      if (info.resource.group !== "rbac.authorization.k8s.io") return;
      const live = await api.rest
        .get(pathOf(info.resource, info.namespace, info.name), { of: { resource: info.resource, name: info.name } })
        .catch((error: unknown) => {
          if (isReason(error, "NotFound")) return undefined;
          throw error;
        });
      if (!live) {
        const made = dryRun === "client" ? info.object : await createObject(api, info, info.object);
        return told(made, "create", parts(info.object), []);
      }
      const removes = isRole(info.object) ? flags["remove-extra-permissions"] : flags["remove-extra-subjects"];
      const { object, missing, extra, anew } = reconciled(info.object, live, removes);
      const optedOut = mapAt(live, "metadata", "annotations")[AUTO_UPDATE] === "false";
      let after = object ?? live;
      if (object && dryRun === "none" && !optedOut) {
        if (anew) {
          await deleteObject(api, info, {});
          after = await createObject(api, info, info.object);
        } else after = await replaceObject(api, info, object);
      }
      const caveat = optedOut ? `, but object opted out (${AUTO_UPDATE}: false)` : "";
      told(after, object && `${anew ? "recreate" : "update"}${caveat}`, missing, extra, removes);

      function told(
        result: JsonObject,
        required: string | undefined,
        added: readonly JsonObject[],
        more: readonly JsonObject[],
        gone = false,
      ): void {
        tell(info, result, "reconciled", dryRun);
        if (!required) return;
        const role = isRole(info.object);
        const show = (list: readonly JsonObject[], title: string) => {
          if (list.length === 0) return;
          session.note(`\t${title}`);
          for (const each of list) session.note(`\t\t${role ? ruleText(each) : subjectText(each)}`);
        };
        session.note(`\treconciliation required ${required}`);
        show(added, `${role ? "missing rules" : "missing subjects"} added:`);
        show(more, `${role ? "extra rules" : "extra subjects"} ${gone ? "removed" : "left"}:`);
      }
    }
  },
});

const AUTO_UPDATE = "rbac.authorization.kubernetes.io/autoupdate";

const parts = (object: JsonObject): JsonObject[] => listAt(object, isRole(object) ? "rules" : "subjects");

const RULE_FIELDS = [
  ["Verbs", "verbs"],
  ["APIGroups", "apiGroups"],
  ["Resources", "resources"],
  ["ResourceNames", "resourceNames"],
  ["NonResourceURLs", "nonResourceURLs"],
] as const;

const ruleText = (rule: JsonObject): string =>
  `{${RULE_FIELDS.map(([title, field]) => `${title}:[${textsAt(rule, field).join(" ")}]`).join(" ")}}`;

const subjectText = (subject: JsonObject): string =>
  `{Kind:${textAt(subject, "kind")} APIGroup:${textAt(subject, "apiGroup")} Name:${textAt(subject, "name")} Namespace:${textAt(subject, "namespace")}}`;
