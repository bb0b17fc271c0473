/** Reads OpenAPI v3 schemas as people ask about them: what a field is, what is below it, what is said of it. */
import { at, type JsonObject, listAt, objectAt, textAt, textsAt } from "../json.ts";

export class Schemas {
  readonly #document: JsonObject;

  constructor(document: JsonObject) {
    this.#document = document;
  }

  /** The schema of a kind. */
  ofKind(group: string, version: string, kind: string): JsonObject | undefined {
    return (Object.values(objectAt(this.#document, "components", "schemas")) as JsonObject[]).find((schema) =>
      listAt(schema, "x-kubernetes-group-version-kind").some(
        (each) =>
          textAt(each, "group") === group && textAt(each, "version") === version && textAt(each, "kind") === kind,
      ),
    );
  }

  /** The name that a schema refers to: directly, or as the only one of allOf. */
  referred(schema: JsonObject): string {
    const reference = textAt(schema, "$ref") || textAt(listAt(schema, "allOf")[0], "$ref");
    return reference.slice(reference.lastIndexOf("/") + 1);
  }

  resolved(schema: JsonObject): JsonObject {
    const name = this.referred(schema);
    return name ? objectAt(this.#document, "components", "schemas", name) : schema;
  }

  /** Down to what has fields: through references, lists and maps. */
  innermost(schema: JsonObject): JsonObject {
    const found = this.resolved(schema);
    const inner = at(found, "items") ?? at(found, "additionalProperties");
    return inner && typeof inner === "object" && !at(found, "properties") ? this.innermost(inner as JsonObject) : found;
  }

  /** "string", "[]Container", "map[string]Quantity", "IntOrString". */
  typeText(schema: JsonObject): string {
    const name = this.referred(schema);
    const found = this.resolved(schema);
    const type = textAt(found, "type");
    if (type === "array") return `[]${this.typeText(objectAt(found, "items"))}`;
    if (type === "object" && at(found, "additionalProperties") && !at(found, "properties"))
      return `map[string]${this.typeText(objectAt(found, "additionalProperties"))}`;
    const short = name.slice(name.lastIndexOf(".") + 1);
    if (type === "" || type === "object") return short || (type === "object" ? "Object" : type);
    return type;
  }

  /** The properties by name, sorted, with whether each must be given. */
  fields(schema: JsonObject): { name: string; schema: JsonObject; required: boolean }[] {
    const found = this.innermost(schema);
    const required = textsAt(found, "required");
    return Object.entries(objectAt(found, "properties"))
      .map(([name, one]) => ({ name, schema: one as JsonObject, required: required.includes(name) }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }
}
