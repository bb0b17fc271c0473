/** Creates objects of files, or by a generator of each kind. */
import { createObject } from "../api/write.ts";
import { withLastApplied } from "../apply/last-applied.ts";
import { clusterrole, clusterrolebinding, role, rolebinding, serviceaccount } from "../create/access.ts";
import { namespace, poddisruptionbudget, priorityclass, quota } from "../create/cluster.ts";
import { configmap, secret } from "../create/data.ts";
import { createFlags } from "../create/generator.ts";
import { ingress, service } from "../create/services.ts";
import { token } from "../create/token.ts";
import { cronjob, deployment, job } from "../create/workloads.ts";
import { editObject } from "../edit/edit-object.ts";
import { asError, throwAll, UsageError, whileDoing } from "../errors.ts";
import { nameOf } from "../json.ts";
import { resultPrinter } from "../print/result.ts";
import { type Info, select } from "../resources/select.ts";
import { labelSelectorOfText } from "../resources/selector.ts";
import { defineVerb } from "../verb.ts";
import { windowsLineEndingsFlag } from "./edit.ts";
import { bool, dryRunOf, fieldValidationOf, fileFlags, selectorFlag } from "./flags.ts";
import { rawFlag, sendRaw } from "./raw.ts";

export const create = defineVerb({
  name: "create",
  summary: "Create objects of files, or by flags",
  usage: "(-f FILE | KIND NAME) [flags]",
  examples: ["kubectl create -f web.yaml", "kubectl create deployment web --image=web:1 --replicas=2"],
  flags: {
    ...fileFlags,
    ...selectorFlag,
    ...createFlags,
    ...rawFlag,
    ...windowsLineEndingsFlag,
    edit: bool({ help: "Change the objects in an editor first." }),
  },
  subcommands: [
    clusterrole,
    clusterrolebinding,
    configmap,
    cronjob,
    deployment,
    ingress,
    job,
    namespace,
    poddisruptionbudget,
    priorityclass,
    quota,
    role,
    rolebinding,
    secret,
    service,
    serviceaccount,
    token,
  ],
  async run(session, { flags, args }) {
    if (args.length > 0)
      throw new UsageError(`Unexpected args: [${args.join(" ")}]\nSee 'kubectl create -h' for help and examples`);
    if (flags.filename.length === 0) throw new UsageError("must specify one of -f and -k");
    if (flags.raw) return sendRaw(session, "POST", flags.raw, flags.filename);
    const dryRun = dryRunOf(flags["dry-run"]);
    const tell = await resultPrinter(session, flags);
    const api = await session.api();
    const { infos, errors } = await select(api, {
      verb: "create",
      args,
      files: flags.filename,
      recursive: flags.recursive,
      local: true,
    });
    const matches = labelSelectorOfText(flags.selector);
    const failures = [...errors];
    for (const info of infos.filter(({ object }) => matches(object))) {
      if (!flags.edit) await createOne(info);
      else {
        const options = { output: "", windowsLineEndings: flags["windows-line-endings"], always: true };
        await editObject(session, info.object, options, (object) => createOne({ ...info, object }));
      }
    }
    throwAll(failures);

    async function createOne(info: Info): Promise<void> {
      const object = flags["save-config"] ? withLastApplied(info.object) : info.object;
      try {
        const made =
          dryRun === "client"
            ? object
            : await createObject(api, info, object, {
                dryRun,
                fieldManager: flags["field-manager"],
                fieldValidation: fieldValidationOf(flags.validate),
              });
        tell({ ...info, name: nameOf(made) }, made, "created", dryRun);
      } catch (error) {
        failures.push(asError(whileDoing(error, `error when creating ${JSON.stringify(info.source)}`)));
      }
    }
  },
});
