/** Writes an OpenAPI document as JSON, a piece of text for each entry. */
import type { DocumentEntry } from "./document.ts";
import type { Dialect, JsonSchema } from "./json-schema.ts";

export const BEARER: JsonSchema = {
  BearerToken: {
    description: "Bearer Token authentication",
    type: "apiKey",
    name: "authorization",
    in: "header",
  },
};

export const documentInfo = (version: string): JsonSchema => ({ title: "Kubernetes", version });

export function* writeJson(
  entries: Iterable<DocumentEntry>,
  dialect: Dialect,
  version: string,
): Generator<string, void, void> {
  const isV3 = dialect.version === 3;
  const open = { paths: `"paths":{`, schemas: isV3 ? `},"components":{"schemas":{` : `},"definitions":{` };
  yield `{${isV3 ? `"openapi":"3.0.0"` : `"swagger":"2.0"`},"info":${JSON.stringify(documentInfo(version))},`;
  let current: DocumentEntry[0] | undefined;
  for (const [section, name, value] of entries) {
    const begins = section !== current;
    yield `${begins ? open[section] : ","}${JSON.stringify(name)}:${JSON.stringify(value)}`;
    current = section;
  }
  const security = JSON.stringify(BEARER);
  yield isV3
    ? `},"securitySchemes":${security}}}`
    : `},"securityDefinitions":${security},"security":[{"BearerToken":[]}]}`;
}
