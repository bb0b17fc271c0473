/** Who one is to the server, and what one may do. */
import { UsageError } from "../errors.ts";
import { type JsonObject, listAt, objectAt, textAt, textsAt } from "../json.ts";
import { printerFor } from "../print/printer.ts";
import { tableText } from "../print/tabs.ts";
import { inTypedOrder } from "../print/typed-order.ts";
import { resourceText } from "../resources/mapper.ts";
import type { Api, Session } from "../session.ts";
import { defineVerb } from "../verb.ts";
import { reconcile } from "./auth-reconcile.ts";
import { allNamespacesFlag, bool, outputFlags, text } from "./flags.ts";

const REVIEWS = "/apis/authorization.k8s.io/v1";

const canI = defineVerb({
  name: "can-i",
  summary: "Tell whether something is allowed",
  usage: "VERB [TYPE | TYPE/NAME | NONRESOURCEURL] [flags]",
  examples: ["kubectl auth can-i create pods", "kubectl auth can-i --list"],
  flags: {
    ...allNamespacesFlag,
    list: bool({ help: "All that is allowed." }),
    "no-headers": bool({ help: "No line of headers." }),
    quiet: bool({ help: "Only by the exit code.", short: "q" }),
    subresource: text({ help: "The subresource: log, exec." }),
  },
  async run(session, { flags, args }) {
    const api = await session.api();
    if (flags.list) return listAllowed(session, api, flags["no-headers"]);
    const [verb, what, name] = args;
    if (!verb || !what)
      throw new UsageError(
        `you must specify two arguments: verb resource or verb resource/resourceName.\nSee 'kubectl auth can-i -h' for help and examples.`,
      );
    const spec: JsonObject = what.startsWith("/")
      ? { nonResourceAttributes: { path: what, verb } }
      : { resourceAttributes: await attributes(verb, what, name) };
    const answer = await api.rest.call("POST", `${REVIEWS}/selfsubjectaccessreviews`, {
      body: { apiVersion: "authorization.k8s.io/v1", kind: "SelfSubjectAccessReview", metadata: {}, spec },
    });
    const allowed = objectAt(answer, "status").allowed === true;
    const reason = textAt(answer, "status", "reason");
    const problem = textAt(answer, "status", "evaluationError");
    const about = `${reason ? ` - ${reason}` : ""}${problem ? ` - ${problem}` : ""}`;
    if (!flags.quiet) session.line(allowed ? `yes` : `no${about}`);
    return allowed ? 0 : 1;

    async function attributes(verbText: string, written: string, named = ""): Promise<JsonObject> {
      const [type = "", ownName = named] = written.split("/");
      const [resourceName = "", ...group] = type.split(".");
      const found = type === "*" ? undefined : (await api.mapper()).find(type);
      if (!found && type !== "*") session.note(`Warning: the server doesn't have a resource type '${type}'\n`);
      if (found && !found.namespaced && !flags["all-namespaces"])
        session.note(
          `Warning: resource '${found.resource}' is not namespace scoped${found.group ? ` in group '${found.group}'` : ""}\n`,
        );
      return {
        namespace: flags["all-namespaces"] ? "" : api.namespace,
        verb: verbText,
        group: type === "*" ? "*" : (found?.group ?? group.join(".")),
        resource: found?.resource ?? resourceName,
        ...(flags.subresource && { subresource: flags.subresource }),
        ...(ownName && { name: ownName }),
      };
    }
  },
});

async function listAllowed(session: Session, api: Api, noHeaders: boolean): Promise<void> {
  const answer = await api.rest.call("POST", `${REVIEWS}/selfsubjectrulesreviews`, {
    body: {
      apiVersion: "authorization.k8s.io/v1",
      kind: "SelfSubjectRulesReview",
      metadata: {},
      spec: { namespace: api.namespace },
    },
  });
  const bracketed = (list: readonly string[]) => `[${list.join(" ")}]`;
  const rows: string[][] = listAt(answer, "status", "resourceRules").flatMap((rule) =>
    textsAt(rule, "apiGroups").flatMap((group) =>
      textsAt(rule, "resources").map((resource) => [
        resourceText({ resource, group }),
        "[]",
        bracketed(textsAt(rule, "resourceNames")),
        bracketed(textsAt(rule, "verbs")),
      ]),
    ),
  );
  for (const rule of listAt(answer, "status", "nonResourceRules"))
    rows.push(["", bracketed(textsAt(rule, "nonResourceURLs")), "[]", bracketed(textsAt(rule, "verbs"))]);
  const header = ["Resources", "Non-Resource URLs", "Resource Names", "Verbs"];
  session.io.output(tableText(noHeaders ? rows : [header, ...rows]));
}

const whoami = defineVerb({
  name: "whoami",
  summary: "Tell who one is to the server",
  flags: outputFlags,
  async run(session, { flags }) {
    const print = await printerFor(flags.output, { template: flags.template, ordered: true });
    const api = await session.api();
    const answer = await api.rest.call("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", {
      body: { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview", metadata: {} },
    });
    if (print) return session.io.output(print(inTypedOrder(answer)));
    const info = objectAt(answer, "status", "userInfo");
    const rows: string[][] = [["ATTRIBUTE", "VALUE"]];
    if (info.username) rows.push(["Username", textAt(info, "username")]);
    if (info.uid) rows.push(["UID", textAt(info, "uid")]);
    if (textsAt(info, "groups").length > 0) rows.push(["Groups", `[${textsAt(info, "groups").join(" ")}]`]);
    const extra = objectAt(info, "extra");
    for (const key of Object.keys(extra).sort()) rows.push([`Extra: ${key}`, `[${textsAt(extra, key).join(" ")}]`]);
    session.io.output(tableText(rows));
  },
});

export const auth = defineVerb({
  name: "auth",
  summary: "Tell who one is and what one may do",
  subcommands: [canI, reconcile, whoami],
});
