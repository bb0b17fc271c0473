/** A probe in one line. */
import { type JsonObject, objectAt, textAt, textsAt } from "../json.ts";

export function probeText(probe: JsonObject): string {
  const number = (field: string, otherwise: number) => textAt(probe, field) || String(otherwise);
  const attributes = `delay=${number("initialDelaySeconds", 0)}s timeout=${number("timeoutSeconds", 1)}s period=${number("periodSeconds", 10)}s #success=${number("successThreshold", 1)} #failure=${number("failureThreshold", 3)}`;
  return `${actionText(probe)} ${attributes}`;
}

function actionText(probe: JsonObject): string {
  if (probe.exec) return `exec [${textsAt(probe, "exec", "command").join(" ")}]`;
  if (probe.httpGet) {
    const get = objectAt(probe, "httpGet");
    const scheme = (textAt(get, "scheme") || "HTTP").toLowerCase();
    return `http-get ${scheme}://${textAt(get, "host")}:${textAt(get, "port")}${textAt(get, "path")}`;
  }
  if (probe.tcpSocket) return `tcp-socket ${textAt(probe, "tcpSocket", "host")}:${textAt(probe, "tcpSocket", "port")}`;
  if (probe.grpc) return `grpc <pod>:${textAt(probe, "grpc", "port")} ${textAt(probe, "grpc", "service")}`;
  return "unknown";
}
