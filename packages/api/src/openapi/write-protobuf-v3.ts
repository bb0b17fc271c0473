/**
 * Writes an OpenAPI v3 document as the protobuf message of gnostic. An entry is a document of its own with one path or one schema: of messages that
 * stand one behind another a reader makes one.
 */
import { defineMessages, encode, type MessageType } from "@kubets/wire/proto";
import type { DocumentEntry } from "./document.ts";
import { ANY_MESSAGES, any, extensions, PLAIN_WORDS, type Plain } from "./gnostic.ts";
import type { JsonSchema } from "./json-schema.ts";
import { BEARER, documentInfo } from "./write-json.ts";

const message = defineMessages({
  ...ANY_MESSAGES,
  Document: "openapi=1:string info=2:Info paths=4:Paths components=5:Components",
  Info: "title=1:string version=6:string",
  Paths: "path=1:NamedPathItem*",
  NamedPathItem: "name=1:string value=2:PathItem",
  PathItem:
    "get=4:Operation put=5:Operation post=6:Operation delete=7:Operation options=8:Operation head=9:Operation patch=10:Operation parameters=13:ParameterOrReference*",
  Operation:
    "tags=1:string* summary=2:string description=3:string operation_id=5:string parameters=6:ParameterOrReference* request_body=7:RequestBodyOrReference responses=8:Responses deprecated=10:bool specification_extension=13:NamedAny*",
  ParameterOrReference: "parameter=1:Parameter",
  Parameter: "name=1:string in=2:string description=3:string required=4:bool schema=10:SchemaOrReference",
  RequestBodyOrReference: "request_body=1:RequestBody",
  RequestBody: "description=1:string content=2:MediaTypes required=3:bool",
  MediaTypes: "additional_properties=1:NamedMediaType*",
  NamedMediaType: "name=1:string value=2:MediaType",
  MediaType: "schema=1:SchemaOrReference",
  Responses: "default=1:ResponseOrReference response_or_reference=2:NamedResponseOrReference*",
  NamedResponseOrReference: "name=1:string value=2:ResponseOrReference",
  ResponseOrReference: "response=1:Response",
  Response: "description=1:string content=3:MediaTypes",
  Components: "schemas=1:SchemasOrReferences security_schemes=7:SecuritySchemesOrReferences",
  SchemasOrReferences: "additional_properties=1:NamedSchemaOrReference*",
  NamedSchemaOrReference: "name=1:string value=2:SchemaOrReference",
  SchemaOrReference: "schema=1:Schema reference=2:Reference",
  Reference: "_ref=1:string",
  Schema:
    "nullable=1:bool title=9:string multiple_of=10:double maximum=11:double exclusive_maximum=12:bool minimum=13:double exclusive_minimum=14:bool max_length=15:int64 min_length=16:int64 pattern=17:string max_items=18:int64 min_items=19:int64 unique_items=20:bool max_properties=21:int64 min_properties=22:int64 required=23:string* enum=24:Any* type=25:string all_of=26:SchemaOrReference* one_of=27:SchemaOrReference* any_of=28:SchemaOrReference* not=29:Schema items=30:ItemsItem properties=31:SchemasOrReferences additional_properties=32:AdditionalPropertiesItem default=33:DefaultType description=34:string format=35:string specification_extension=36:NamedAny*",
  ItemsItem: "schema_or_reference=1:SchemaOrReference*",
  AdditionalPropertiesItem: "schema_or_reference=1:SchemaOrReference boolean=2:bool?",
  DefaultType: "number=1:double? boolean=2:bool? string=3:string?",
  SecuritySchemesOrReferences: "additional_properties=1:NamedSecuritySchemeOrReference*",
  NamedSecuritySchemeOrReference: "name=1:string value=2:SecuritySchemeOrReference",
  SecuritySchemeOrReference: "security_scheme=1:SecurityScheme",
  SecurityScheme: "type=1:string description=2:string name=3:string in=4:string",
});

export const OpenApiV3Message: MessageType<Plain> = message<Plain>("Document");

export function* writeProtobufV3(entries: Iterable<DocumentEntry>, version: string): Generator<Uint8Array, void, void> {
  yield encode(OpenApiV3Message, { openapi: "3.0.0", info: documentInfo(version) });
  for (const [section, name, value] of entries)
    yield encode(
      OpenApiV3Message,
      section === "paths"
        ? { paths: { path: [{ name, value: pathItem(value) }] } }
        : { components: { schemas: { additional_properties: [{ name, value: schemaOrReference(value) }] } } },
    );
  const schemes = Object.entries(BEARER).map(([name, value]) => ({ name, value: { security_scheme: value } }));
  yield encode(OpenApiV3Message, { components: { security_schemes: { additional_properties: schemes } } });
}

const METHODS = ["get", "put", "post", "delete", "options", "head", "patch"];

function pathItem(item: JsonSchema): Plain {
  const operations = METHODS.filter((m) => item[m]).map((m) => [m, operation(item[m] as JsonSchema)]);
  return { ...Object.fromEntries(operations), parameters: parameters(item["parameters"]) };
}

function operation(o: JsonSchema): Plain {
  const body = o["requestBody"] as JsonSchema | undefined;
  return {
    ...o,
    operation_id: o["operationId"],
    parameters: parameters(o["parameters"]),
    ...(body && { request_body: { request_body: withContent(body) } }),
    responses: {
      response_or_reference: named(o["responses"], (response) => ({ response: withContent(response) })),
    },
    specification_extension: extensions(o),
  };
}

const withContent = (from: JsonSchema): Plain => ({
  ...from,
  content: from["content"] && {
    additional_properties: named(from["content"], ({ schema }) => ({
      ...(schema !== undefined && { schema: schemaOrReference(schema as JsonSchema) }),
    })),
  },
});

const parameters = (list: unknown): Plain[] =>
  ((list ?? []) as JsonSchema[]).map((p) => ({
    parameter: { ...p, schema: p["schema"] && schemaOrReference(p["schema"] as JsonSchema) },
  }));

function schemaOrReference(from: JsonSchema): Plain {
  const { $ref } = from;
  return typeof $ref === "string" ? { reference: { _ref: $ref } } : { schema: schema(from) };
}

const LISTS: Readonly<Record<string, string>> = { allOf: "all_of", oneOf: "one_of", anyOf: "any_of" };

function schema(from: JsonSchema): Plain {
  const to: Record<string, unknown> = { specification_extension: extensions(from) };
  for (const [word, value] of Object.entries(from)) {
    const plain = PLAIN_WORDS[word];
    const list = LISTS[word];
    if (plain) to[plain] = value;
    else if (list) to[list] = (value as JsonSchema[]).map(schemaOrReference);
    else if (word === "type" || word === "nullable") to[word] = value;
    else if (word === "default") to["default"] = defaultOf(value);
    else if (word === "enum") to["enum"] = (value as unknown[]).map(any);
    else if (word === "not") to["not"] = schema(value as JsonSchema);
    else if (word === "items") to["items"] = { schema_or_reference: [schemaOrReference(value as JsonSchema)] };
    else if (word === "properties") to["properties"] = { additional_properties: named(value, schemaOrReference) };
    else if (word === "additionalProperties")
      to["additional_properties"] =
        typeof value === "boolean"
          ? { boolean: value }
          : { schema_or_reference: schemaOrReference(value as JsonSchema) };
  }
  return to;
}

/** gnostic knows defaults of these types alone; of others it tells that there is one. */
const defaultOf = (value: unknown): Plain =>
  typeof value === "number" || typeof value === "boolean" || typeof value === "string" ? { [typeof value]: value } : {};

const named = (from: unknown, read: (value: JsonSchema) => Plain): Plain[] =>
  Object.entries((from ?? {}) as Record<string, JsonSchema>).map(([name, value]) => ({ name, value: read(value) }));
