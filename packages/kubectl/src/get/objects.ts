/** What was asked for, as objects in an output form: the one object, or all as a List. */
import { pathFinder } from "@kubets/machinery/jsonpath/evaluate";
import { asError, throwAll, UsageError } from "../errors.ts";
import { type JsonObject, listAt, textAt } from "../json.ts";
import type { Printer } from "../print/printer.ts";
import { withKind } from "../resources/select.ts";
import type { Api, Session } from "../session.ts";
import { type Asked, type Request, requestsFor } from "./asked.ts";
import { compareValues } from "./sort.ts";

interface ObjectFlags {
  readonly "sort-by": string;
  readonly "ignore-not-found": boolean;
}

export async function getObjects(
  session: Session,
  api: Api,
  asked: Asked,
  flags: ObjectFlags,
  print: Printer,
): Promise<void> {
  const { requests, single } = await requestsFor(api, asked);
  const objects: JsonObject[] = [];
  const errors: Error[] = [];
  for (const request of requests) {
    try {
      objects.push(...(await objectsOf(api, request, asked)));
    } catch (error) {
      if (!flags["ignore-not-found"] || (error as { reason?: string }).reason !== "NotFound")
        errors.push(asError(error));
    }
  }
  // Of one file, all or nothing.
  if (asked.files?.length === 1) throwAll(errors);
  const ordered = flags["sort-by"] ? sorted(objects, flags["sort-by"]) : objects;
  if (single) {
    if (ordered[0]) session.io.output(print(ordered[0]));
  } else if (ordered.length > 0 || errors.length === 0) session.io.output(print(listOf(ordered)));
  throwAll(errors);
}

export const listOf = (items: readonly JsonObject[]): JsonObject => ({
  apiVersion: "v1",
  items: [...items],
  kind: "List",
  metadata: { resourceVersion: "" },
});

async function objectsOf(api: Api, { resource, name, path }: Request, asked: Asked): Promise<JsonObject[]> {
  if (name) return [withKind(await api.rest.get(path, { of: { resource, name } }), resource)];
  const objects: JsonObject[] = [];
  for (let next = ""; ; ) {
    const list = await api.rest.get(path, {
      of: { resource },
      query: {
        labelSelector: asked.selector,
        fieldSelector: asked.fieldSelector,
        limit: asked.chunkSize || undefined,
        continue: next,
      },
    });
    objects.push(...listAt(list, "items").map((item) => withKind(item, resource)));
    next = textAt(list, "metadata", "continue");
    if (!next) return objects;
  }
}

function sorted(objects: readonly JsonObject[], path: string): JsonObject[] {
  let find: ReturnType<typeof pathFinder>;
  try {
    find = pathFinder(path);
  } catch (error) {
    throw new UsageError(asError(error).message);
  }
  return objects.toSorted((a, b) => compareValues(find(a)[0], find(b)[0]));
}
