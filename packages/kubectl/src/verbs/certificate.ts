/** Approves and denies requests for certificates. */
import { replaceObject } from "../api/write.ts";
import { asError, throwAll, UsageError } from "../errors.ts";
import { type JsonObject, listAt, objectAt, textAt } from "../json.ts";
import { resultPrinter } from "../print/result.ts";
import { select } from "../resources/select.ts";
import { defineVerb } from "../verb.ts";
import { bool, fileFlags, outputFlags } from "./flags.ts";

interface Decision {
  readonly name: string;
  readonly summary: string;
  readonly condition: "Approved" | "Denied";
  readonly against: "Approved" | "Denied";
  readonly did: string;
}

const decide = ({ name, summary, condition, against, did }: Decision) =>
  defineVerb({
    name,
    summary,
    usage: "(-f FILENAME | NAME) [flags]",
    flags: { ...fileFlags, ...outputFlags, force: bool({ help: "Also where it has been decided before." }) },
    async run(session, { flags, args }) {
      if (args.length === 0 && flags.filename.length === 0)
        throw new UsageError("one or more CSRs must be specified as <name> or -f <filename>");
      const api = await session.api();
      const tell = await resultPrinter(session, { ...flags, typed: true });
      const { infos, errors } = await select(api, {
        verb: "certificate",
        args: args.length ? ["certificatesigningrequests", ...args] : [],
        files: flags.filename,
        recursive: flags.recursive,
      });
      const failures = [...errors];
      for (const info of infos) {
        try {
          const types = listAt(info.object, "status", "conditions").map((each) => textAt(each, "type"));
          if (types.includes(against) && !flags.force)
            throw new UsageError(`certificate signing request ${JSON.stringify(info.name)} is already ${against}`);
          const after =
            types.includes(condition) && !flags.force
              ? info.object
              : await replaceObject(api, info, decided(info.object), { subresource: "approval" });
          tell(info, after, did);
        } catch (error) {
          failures.push(asError(error));
        }
      }
      throwAll(failures);

      function decided(object: JsonObject): JsonObject {
        const now = `${new Date(session.now()).toISOString().slice(0, 19)}Z`;
        const verdict = {
          type: condition,
          status: "True",
          reason: `Kubectl${name === "approve" ? "Approve" : "Deny"}`,
          message: `This CSR was ${did} by kubectl certificate ${name}.`,
          lastUpdateTime: now,
        };
        const others = listAt(object, "status", "conditions").filter((each) => textAt(each, "type") !== condition);
        return { ...object, status: { ...objectAt(object, "status"), conditions: [...others, verdict] } };
      }
    },
  });

export const certificate = defineVerb({
  name: "certificate",
  summary: "Decide about requests for certificates",
  subcommands: [
    decide({
      name: "approve",
      summary: "Approve a request",
      condition: "Approved",
      against: "Denied",
      did: "approved",
    }),
    decide({ name: "deny", summary: "Deny a request", condition: "Denied", against: "Approved", did: "denied" }),
  ],
});
