/** Config maps, and secrets, of which only the sizes are shown. */
import { mapAt, textAt } from "../json.ts";
import type { Describer } from "./describer.ts";
import { eventLines } from "./events.ts";
import { annotations, head, labels } from "./metadata.ts";

export const configMap: Describer = ({ object, lines, events, now }) => {
  head(lines, object);
  labels(lines, object);
  annotations(lines, object);
  lines.line(0, "\nData\n====");
  const data = mapAt(object, "data");
  for (const key of Object.keys(data).sort()) lines.line(0, `${key}:\n----\n${data[key]}\n`);
  lines.line(0, "\nBinaryData\n====");
  const binary = mapAt(object, "binaryData");
  for (const key of Object.keys(binary).sort()) lines.line(0, `${key}: ${bytesOf(binary[key])} bytes`);
  lines.line(0, "");
  eventLines(lines, events, now);
};

export const secret: Describer = ({ object, lines }) => {
  head(lines, object);
  labels(lines, object);
  annotations(lines, object);
  lines.line(0, `\nType:\t${textAt(object, "type")}\n\nData\n====`);
  const data = mapAt(object, "data");
  const isToken = textAt(object, "type") === "kubernetes.io/service-account-token";
  for (const key of Object.keys(data).sort()) {
    const shown =
      isToken && key === "token"
        ? Buffer.from(data[key] ?? "", "base64").toString("utf8")
        : `${bytesOf(data[key])} bytes`;
    lines.line(0, `${key}:\t${shown}`);
  }
};

const bytesOf = (base64 = ""): number => Buffer.from(base64, "base64").length;
