/** The KubeletConfiguration of a file with those of a folder laid over it, each checked by itself so that an error names its file. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import * as shape from "@kubets/machinery/config-file";
import type { JsonObject } from "@kubets/machinery/json-value";
import { applyMergePatch } from "@kubets/machinery/merge-patch";
import { CONFIG_KIND, kubeletConfiguration } from "./config-shape.ts";

/** As it is written, once it has been found to be right. */
const asWritten: shape.Shape<JsonObject> = {
  read(value, path) {
    kubeletConfiguration.read(value, path);
    return value as JsonObject;
  },
};
const kinds = { [CONFIG_KIND]: asWritten };

/** An empty path stands for none. */
export function readConfigFiles(path: string, folder = ""): JsonObject {
  const more = folder ? namesIn(folder).map((name) => join(folder, name)) : [];
  return [...(path ? [path] : []), ...more].reduce<JsonObject>(
    (fields, each) => applyMergePatch(fields, shape.loadConfigFile(each, kinds).config) as JsonObject,
    {},
  );
}

export const parseConfigFields = (text: string, name = "KubeletConfiguration"): JsonObject =>
  shape.parseConfig(text, name, kinds).config;

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith(".conf"))
      .toSorted();
  } catch (error) {
    throw new shape.ConfigError(`the folder ${folder} of --config-dir cannot be read: ${(error as Error).message}`);
  }
}
