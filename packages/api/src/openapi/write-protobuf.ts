/**
 * Writes an OpenAPI v2 document as the protobuf message of gnostic, which older clients ask for. An entry is a document of its own with one
 * path or one definition: of messages that stand one behind another a reader makes one.
 */
import { defineMessages, encode, type MessageType } from "@kubets/wire/proto";
import type { DocumentEntry } from "./document.ts";
import { ANY_MESSAGES, any, extensions, PLAIN_WORDS, type Plain } from "./gnostic.ts";
import type { JsonSchema } from "./json-schema.ts";
import { documentInfo } from "./write-json.ts";

const message = defineMessages({
  ...ANY_MESSAGES,
  Document:
    "swagger=1:string info=2:Info paths=8:Paths definitions=9:Definitions security=12:SecurityRequirement* security_definitions=13:SecurityDefinitions",
  Info: "title=1:string version=2:string",
  Paths: "path=2:NamedPathItem*",
  NamedPathItem: "name=1:string value=2:PathItem",
  PathItem:
    "get=2:Operation put=3:Operation post=4:Operation delete=5:Operation patch=8:Operation parameters=9:ParametersItem*",
  Operation:
    "tags=1:string* description=3:string operation_id=5:string produces=6:string* consumes=7:string* parameters=8:ParametersItem* responses=9:Responses schemes=10:string* vendor_extension=13:NamedAny*",
  ParametersItem: "parameter=1:Parameter",
  Parameter: "body_parameter=1:BodyParameter non_body_parameter=2:NonBodyParameter",
  BodyParameter: "name=2:string in=3:string required=4:bool schema=5:Schema",
  NonBodyParameter: "query_parameter_sub_schema=3:QueryParameter path_parameter_sub_schema=4:PathParameter",
  QueryParameter: "required=1:bool in=2:string name=4:string type=6:string unique_items=20:bool",
  PathParameter: "required=1:bool in=2:string name=4:string type=5:string unique_items=19:bool",
  Responses: "response_code=1:NamedResponseValue*",
  NamedResponseValue: "name=1:string value=2:ResponseValue",
  ResponseValue: "response=1:Response",
  Response: "description=1:string schema=2:SchemaItem",
  SchemaItem: "schema=1:Schema",
  Definitions: "additional_properties=1:NamedSchema*",
  NamedSchema: "name=1:string value=2:Schema",
  Schema:
    "_ref=1:string format=2:string title=3:string description=4:string default=5:Any multiple_of=6:double maximum=7:double exclusive_maximum=8:bool minimum=9:double exclusive_minimum=10:bool max_length=11:int64 min_length=12:int64 pattern=13:string max_items=14:int64 min_items=15:int64 unique_items=16:bool max_properties=17:int64 min_properties=18:int64 required=19:string* enum=20:Any* additional_properties=21:AdditionalPropertiesItem type=22:TypeItem items=23:ItemsItem properties=25:Properties vendor_extension=31:NamedAny*",
  AdditionalPropertiesItem: "schema=1:Schema boolean=2:bool?",
  TypeItem: "value=1:string*",
  ItemsItem: "schema=1:Schema*",
  Properties: "additional_properties=1:NamedSchema*",
  SecurityRequirement: "additional_properties=1:NamedStringArray*",
  NamedStringArray: "name=1:string value=2:StringArray",
  StringArray: "value=1:string*",
  SecurityDefinitions: "additional_properties=1:NamedSecurityDefinitionsItem*",
  NamedSecurityDefinitionsItem: "name=1:string value=2:SecurityDefinitionsItem",
  SecurityDefinitionsItem: "api_key_security=2:ApiKeySecurity",
  ApiKeySecurity: "type=1:string name=2:string in=3:string description=4:string",
});

const Document: MessageType<Plain> = message<Plain>("Document");

export function* writeProtobuf(entries: Iterable<DocumentEntry>, version: string): Generator<Uint8Array, void, void> {
  yield encode(Document, { swagger: "2.0", info: documentInfo(version) });
  for (const [section, name, value] of entries)
    yield encode(
      Document,
      section === "paths"
        ? { paths: { path: [{ name, value: pathItem(value) }] } }
        : { definitions: { additional_properties: [{ name, value: schema(value) }] } },
    );
  const bearer = { type: "apiKey", name: "authorization", in: "header", description: "Bearer Token authentication" };
  yield encode(Document, {
    security: [{ additional_properties: [{ name: "BearerToken", value: {} }] }],
    security_definitions: { additional_properties: [{ name: "BearerToken", value: { api_key_security: bearer } }] },
  });
}

const METHODS = ["get", "put", "post", "delete", "patch"];

function pathItem(item: JsonSchema): Plain {
  const operations = METHODS.filter((m) => item[m]).map((m) => [m, operation(item[m] as JsonSchema)]);
  return { ...Object.fromEntries(operations), parameters: parameters(item["parameters"]) };
}

function operation(o: JsonSchema): Plain {
  const responses = Object.entries(o["responses"] as Record<string, JsonSchema>).map(([name, response]) => ({
    name,
    value: {
      response: {
        description: response["description"],
        ...(response["schema"] !== undefined && { schema: { schema: schema(response["schema"] as JsonSchema) } }),
      },
    },
  }));
  return {
    ...o,
    operation_id: o["operationId"],
    parameters: parameters(o["parameters"]),
    responses: { response_code: responses },
    vendor_extension: extensions(o),
  };
}

function parameters(list: unknown): Plain[] {
  return ((list ?? []) as JsonSchema[]).map((p) => {
    if (p["in"] === "body")
      return { parameter: { body_parameter: { ...p, schema: schema(p["schema"] as JsonSchema) } } };
    const told = { ...p, unique_items: p["uniqueItems"] };
    const non_body_parameter =
      p["in"] === "path" ? { path_parameter_sub_schema: told } : { query_parameter_sub_schema: told };
    return { parameter: { non_body_parameter } };
  });
}

function schema(from: JsonSchema): Plain {
  const to: Record<string, unknown> = { vendor_extension: extensions(from) };
  for (const [word, value] of Object.entries(from)) {
    const plain = PLAIN_WORDS[word];
    if (plain) to[plain] = value;
    else if (word === "$ref") to["_ref"] = value;
    else if (word === "type") to["type"] = { value: [value] };
    else if (word === "default") to["default"] = any(value);
    else if (word === "enum") to["enum"] = (value as unknown[]).map(any);
    else if (word === "items") to["items"] = { schema: [schema(value as JsonSchema)] };
    else if (word === "properties") to["properties"] = { additional_properties: namedSchemas(value) };
    else if (word === "additionalProperties")
      to["additional_properties"] =
        typeof value === "boolean" ? { boolean: value } : { schema: schema(value as JsonSchema) };
  }
  return to;
}

const namedSchemas = (properties: unknown): Plain[] =>
  Object.entries(properties as Record<string, JsonSchema>).map(([name, value]) => ({ name, value: schema(value) }));
