/** Sets resources of containers, the service account of pods, the selector of services, and subjects of role bindings. */
import { UsageError } from "../errors.ts";
import { type JsonObject, listAt, objectAt, textAt } from "../json.ts";
import { defineVerb } from "../verb.ts";
import { bool, list, text } from "./flags.ts";
import { changeAll, withContainers, withPodSpec, workloadFlags } from "./set-workload.ts";

export const resources = defineVerb({
  name: "resources",
  summary: "Change what containers request and may use",
  usage: "(-f FILENAME | TYPE NAME) ([--limits=LIMITS & --requests=REQUESTS]) [flags]",
  examples: ["kubectl set resources deployment web --limits=cpu=200m,memory=512Mi"],
  flags: {
    ...workloadFlags,
    containers: text({ help: "Of containers by these names; * stands for any text.", short: "c", default: "*" }),
    limits: text({ help: "What they may use at most: cpu=100m,memory=256Mi." }),
    requests: text({ help: "What they ask for: cpu=100m,memory=256Mi." }),
  },
  run(session, { flags, args }) {
    if (!flags.limits && !flags.requests)
      throw new UsageError("you must specify an update to requests or limits (in the form of --requests/--limits)");
    const wanted = {
      ...(flags.limits && { limits: amounts(flags.limits) }),
      ...(flags.requests && { requests: amounts(flags.requests) }),
    };
    return changeAll(session, flags, args, {
      verb: "set resources",
      did: "resource requirements updated",
      change: (info) =>
        withPodSpec(info, (spec) =>
          withContainers(spec, flags.containers, (container) => {
            const before = objectAt(container, "resources");
            const after = Object.entries(wanted).map(([field, value]) => [
              field,
              { ...objectAt(before, field), ...value },
            ]);
            return { ...container, resources: { ...before, ...(Object.fromEntries(after) as JsonObject) } };
          }),
        ),
    });
  },
});

const amounts = (text: string): Record<string, string> => pairs(text, "resource");

/** "a=1,b=2" */
function pairs(text: string, what: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const pair of text.split(",")) {
    const equals = pair.indexOf("=");
    if (equals < 1) throw new UsageError(`invalid ${what} ${JSON.stringify(pair)}: expected KEY=VALUE`);
    found[pair.slice(0, equals)] = pair.slice(equals + 1);
  }
  return found;
}

export const serviceaccount = defineVerb({
  name: "serviceaccount",
  aliases: ["sa"],
  summary: "Change as whom pods run",
  usage: "(-f FILENAME | TYPE NAME) SERVICE_ACCOUNT",
  flags: workloadFlags,
  run(session, { flags, args }) {
    const account = args.at(-1);
    if (account === undefined) throw new UsageError("serviceaccount is required");
    return changeAll(session, flags, args.slice(0, -1), {
      verb: "set serviceaccount",
      did: "serviceaccount updated",
      change: (info) =>
        withPodSpec(info, (spec) => ({ ...spec, serviceAccountName: account, serviceAccount: account })),
    });
  },
});

export const selector = defineVerb({
  name: "selector",
  summary: "Change the selector of a service",
  usage: "(-f FILENAME | TYPE NAME) EXPRESSIONS [--resource-version=version]",
  flags: {
    ...workloadFlags,
    recursive: bool({ help: "Also folders in folders.", short: "R", default: true }),
    "resource-version": text({ help: "Only if the object has this version." }),
  },
  run(session, { flags, args }) {
    const expression = args.at(-1);
    if (expression === undefined || !expression.includes("="))
      throw new UsageError("one selector is required: KEY=VALUE,...");
    const wanted = pairs(expression, "selector");
    return changeAll(session, flags, args.slice(0, -1), {
      verb: "set selector",
      did: "selector updated",
      change({ resource, object }) {
        if (flags["resource-version"] && textAt(object, "metadata", "resourceVersion") !== flags["resource-version"])
          throw new UsageError(
            "the object has been modified; please apply your changes to the latest version and try again",
          );
        if (resource.resource !== "services")
          throw new UsageError(`setting a selector is only supported for Services, not ${resource.kind}`);
        return { ...object, spec: { ...objectAt(object, "spec"), selector: wanted } };
      },
    });
  },
});

export const subject = defineVerb({
  name: "subject",
  summary: "Add users, groups and service accounts to role bindings",
  usage:
    "(-f FILENAME | TYPE NAME) [--user=username] [--group=groupname] [--serviceaccount=namespace:serviceaccountname]",
  flags: {
    ...workloadFlags,
    user: list({ help: "A user to bind." }),
    group: list({ help: "A group to bind." }),
    serviceaccount: list({ help: "A service account to bind, NAMESPACE:NAME." }),
  },
  run(session, { flags, args }) {
    const apiGroup = "rbac.authorization.k8s.io";
    const added: JsonObject[] = [
      ...flags.user.map((name) => ({ kind: "User", apiGroup, name })),
      ...flags.group.map((name) => ({ kind: "Group", apiGroup, name })),
      ...flags.serviceaccount.map((text) => {
        const [namespace = "", name = ""] = text.split(":");
        if (!namespace || !name)
          throw new UsageError("serviceaccount must be <namespace>:<name>, as in --serviceaccount=default:web");
        return { kind: "ServiceAccount", namespace, name };
      }),
    ];
    if (added.length === 0)
      throw new UsageError("you must specify at least one value of user, group or serviceaccount");
    return changeAll(session, flags, args, {
      verb: "set subject",
      did: "subjects updated",
      change({ object }) {
        const before = listAt(object, "subjects");
        const isThere = (one: JsonObject) =>
          before.some((each) => ["kind", "name", "namespace"].every((field) => each[field] === one[field]));
        return { ...object, subjects: [...before, ...added.filter((one) => !isThere(one))] };
      },
    });
  },
});
