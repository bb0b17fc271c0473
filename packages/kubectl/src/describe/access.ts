/** Roles, their bindings, service accounts. */
import { type JsonObject, listAt, nameOf, textAt, textsAt } from "../json.ts";
import { type Describer, itemsAt } from "./describer.ts";
import { eventLines } from "./events.ts";
import type { Lines } from "./lines.ts";
import { annotations, head, labels } from "./metadata.ts";

export const role: Describer = ({ object, lines }) => {
  lines.field(0, "Name", nameOf(object));
  labels(lines, object);
  annotations(lines, object);
  lines.line(
    0,
    "PolicyRule:\n  Resources\tNon-Resource URLs\tResource Names\tVerbs\n  ---------\t-----------------\t--------------\t-----",
  );
  const rules = listAt(object, "rules").flatMap(single);
  for (const { resource, cells } of rules.sort((a, b) => (a.order < b.order ? -1 : a.order > b.order ? 1 : 0)))
    lines.line(1, [resource, ...cells].join("\t"));
};

const bracketed = (list: readonly string[]): string => `[${list.join(" ")}]`;

/** A rule for each resource of each group and each name, as they are shown: in the order of verbs, groups, resources. */
function single(rule: JsonObject): { resource: string; cells: string[]; order: string }[] {
  const verbs = bracketed(textsAt(rule, "verbs"));
  const names = textsAt(rule, "resourceNames");
  const simple = textsAt(rule, "apiGroups").flatMap((group) =>
    textsAt(rule, "resources").flatMap((resource) => {
      const [type = "", ...below] = resource.split("/");
      const shown = [group ? `${type}.${group}` : type, ...below].join("/");
      return (names.length > 0 ? names : [""]).map((name) => ({
        resource: shown,
        cells: ["[]", bracketed(name ? [name] : []), verbs],
        order: `${verbs},[${group}],[${resource}],${name}`,
      }));
    }),
  );
  const urls = textsAt(rule, "nonResourceURLs").map((url) => ({
    resource: "",
    cells: [bracketed([url]), "[]", verbs],
    order: `${verbs},[],[],${url}`,
  }));
  return [...simple, ...urls];
}

export const binding: Describer = ({ object, lines }) => {
  lines.field(0, "Name", nameOf(object));
  labels(lines, object);
  annotations(lines, object);
  lines.line(0, "Role:");
  lines.field(1, "Kind", textAt(object, "roleRef", "kind"));
  lines.field(1, "Name", textAt(object, "roleRef", "name"));
  lines.line(0, "Subjects:\n  Kind\tName\tNamespace\n  ----\t----\t---------");
  for (const each of listAt(object, "subjects"))
    lines.line(1, [textAt(each, "kind"), textAt(each, "name"), textAt(each, "namespace")].join("\t"));
};

export const serviceAccount: Describer = async ({ object, lines, events, now, api, info }) => {
  head(lines, object);
  labels(lines, object);
  annotations(lines, object);
  const secrets = await itemsAt(api, `/api/v1/namespaces/${info.namespace}/secrets`, {
    fieldSelector: "type=kubernetes.io/service-account-token",
  });
  const own = secrets.filter(
    (each) => textAt(each, "metadata", "annotations", "kubernetes.io/service-account.name") === info.name,
  );
  names(
    lines,
    "Image pull secrets",
    listAt(object, "imagePullSecrets").map((each) => textAt(each, "name")),
  );
  names(lines, "Tokens", own.map(nameOf), true);
  eventLines(lines, events, now);
};

function names(lines: Lines, title: string, list: readonly string[], onlySome = false): void {
  if (onlySome && list.length === 0) return;
  const [first = "<none>", ...more] = list;
  lines.field(0, title, first);
  for (const each of more) lines.line(0, `\t${each}`);
}
