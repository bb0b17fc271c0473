/** Tells what a kind or a field of it is, from what the server publishes. */
import { parseGroupVersion } from "@kubets/api/resource-ref";
import { PlainError, UsageError } from "../errors.ts";
import { Schemas } from "../explain/schema.ts";
import { explanation, head } from "../explain/text.ts";
import { defineVerb } from "../verb.ts";
import { bool, text } from "./flags.ts";

export const explain = defineVerb({
  name: "explain",
  summary: "Tell what a kind or a field is",
  usage: "TYPE [--recursive=FALSE|TRUE] [--api-version=api-version-group] [-o|--output=plaintext]",
  examples: ["kubectl explain pods", "kubectl explain deployment.spec.strategy", "kubectl explain pod --recursive"],
  flags: {
    recursive: bool({ help: "All fields below, by their names." }),
    "api-version": text({ help: "Of this group and version: apps/v1." }),
    output: text({ help: "plaintext or plaintext-openapiv2.", short: "o", default: "plaintext" }),
  },
  async run(session, { flags, args }) {
    if (flags.output !== "plaintext" && flags.output !== "plaintext-openapiv2")
      throw new UsageError(`unrecognized format: ${flags.output}`);
    const [asked] = args;
    if (asked === undefined)
      throw new UsageError(
        'You must specify the type of resource to explain. Use "kubectl api-resources" for a complete list of supported resources.',
      );
    if (args.length > 1) throw new UsageError("We accept only this format: explain RESOURCE");
    const api = await session.api();
    const mapper = await api.mapper();
    const [type = "", ...path] = mapper.find(asked) ? [asked] : asked.split(".");
    const wanted = flags["api-version"];
    const named = mapper.find(type);
    if (!named) throw new PlainError(`the server doesn't have a resource type "${type}"`);
    const resource = wanted ? mapper.forKind(wanted, named.kind) : named;
    const { group, version } = wanted ? parseGroupVersion(wanted) : resource;
    const document = await api.rest.get(`/openapi/v3/${group ? `apis/${group}` : "api"}/${version}`);
    const schemas = new Schemas(document);
    const whole = schemas.ofKind(group, version, resource.kind);
    if (!whole) throw new UsageError(`couldn't find resource for "${group}/${version}, Kind=${resource.kind}"`);
    let schema = whole;
    for (const field of path) {
      const found: ReturnType<Schemas["fields"]>[number] | undefined = schemas
        .fields(schema)
        .find(({ name }) => name === field);
      if (!found) {
        session.io.output(head({ group, version, kind: resource.kind }));
        throw new UsageError(`field "${field}" does not exist`);
      }
      schema = found.schema;
    }
    const field = path.at(-1) ?? "";
    const { recursive } = flags;
    session.io.output(explanation(schemas, { group, version, kind: resource.kind, field, schema, recursive }));
  },
});
