/** Packs the texts of the published API for the bundle: a line for each type that the documents of OpenAPI show. */
import { gzipSync } from "node:zlib";
import { builtInResources } from "@kubets/api/all";
import { openApiDocument } from "@kubets/api/openapi/document";
import { openApiV3 } from "@kubets/api/openapi/json-schema";
import { packedLine } from "@kubets/api/openapi/type-texts";
import { modelsFolder, modelText } from "@kubets/apiserver/nonresource/openapi/model-texts";

export async function packedTexts(): Promise<Buffer> {
  const folder = modelsFolder();
  if (!folder) throw new Error("@kubernetes/client-node is not installed: run `npm ci`");
  const lines: string[] = [];
  for (const type of openApiDocument(builtInResources, openApiV3).types.toSorted()) {
    const text = await modelText(folder, type);
    if (text) lines.push(packedLine(type, text));
  }
  return gzipSync(`${lines.join("\n")}\n`, { level: 9 });
}
