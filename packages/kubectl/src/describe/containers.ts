/** Containers in descriptions of pods and of templates of pods. */
import { type JsonObject, listAt, mapAt, nameOf, objectAt, textAt, textsAt } from "../json.ts";
import { type Lines, longTime } from "./lines.ts";
import { probeText } from "./probes.ts";

interface ContainersOf {
  readonly title: string;
  readonly containers: readonly JsonObject[];
  /** By the containers' names; absent in templates. */
  readonly statuses?: readonly JsonObject[];
  /** The pod, whose fields may stand in the environment. */
  readonly pod?: JsonObject;
  /** In front of the title: two blanks in templates. */
  readonly indent: string;
}

export function containerLines(lines: Lines, { title, containers, statuses = [], pod, indent }: ContainersOf): void {
  if (containers.length === 0) return lines.line(0, `${indent}${title}: <none>`);
  lines.line(0, `${indent}${title}:`);
  for (const container of containers) {
    const name = textAt(container, "name");
    const status = statuses.find((each) => textAt(each, "name") === name);
    lines.line(1, `${indent && " "}${name}:`);
    basics(lines, container, status);
    words(lines, "Command", textsAt(container, "command"));
    words(lines, "Args", textsAt(container, "args"));
    if (status) states(lines, status);
    amounts(lines, "Limits", mapAt(container, "resources", "limits"));
    amounts(lines, "Requests", mapAt(container, "resources", "requests"));
    for (const kind of ["liveness", "readiness", "startup"] as const) {
      const probe = objectAt(container, `${kind}Probe`);
      if (Object.keys(probe).length > 0) lines.field(2, kind[0]?.toUpperCase() + kind.slice(1), probeText(probe));
    }
    environment(lines, container, pod);
    mounts(lines, container);
  }
}

function basics(lines: Lines, container: JsonObject, status: JsonObject | undefined): void {
  if (status) lines.field(2, "Container ID", textAt(status, "containerID"));
  lines.field(2, "Image", textAt(container, "image"));
  if (status) lines.field(2, "Image ID", textAt(status, "imageID"));
  const ports = listAt(container, "ports");
  const plural = ports.length > 1 ? "s" : "";
  const protocol = (port: JsonObject) => textAt(port, "protocol") || "TCP";
  const name = (port: JsonObject) => (textAt(port, "name") ? ` (${textAt(port, "name")})` : "");
  const text = (field: string) =>
    ports.map((port) => `${textAt(port, field) || 0}/${protocol(port)}${name(port)}`).join(", ") || "<none>";
  lines.field(2, `Port${plural}`, text("containerPort"));
  lines.field(2, `Host Port${plural}`, text("hostPort"));
  const seccomp = textAt(container, "securityContext", "seccompProfile", "type");
  if (seccomp) lines.field(2, "SeccompProfile", seccomp);
}

function words(lines: Lines, title: string, list: readonly string[]): void {
  if (list.length === 0) return;
  lines.line(2, `${title}:`);
  for (const word of list) for (const line of word.split("\n")) lines.line(3, line);
}

function states(lines: Lines, status: JsonObject): void {
  state(lines, "State", objectAt(status, "state"));
  const last = objectAt(status, "lastState");
  if (Object.keys(last).length > 0) state(lines, "Last State", last);
  lines.field(2, "Ready", status.ready === true ? "True" : "False");
  lines.field(2, "Restart Count", textAt(status, "restartCount") || "0");
}

function state(lines: Lines, title: string, of: JsonObject): void {
  if (of.running) {
    lines.field(2, title, "Running");
    lines.field(3, "Started", longTime(textAt(of, "running", "startedAt")));
  } else if (of.terminated) {
    const ended = objectAt(of, "terminated");
    lines.field(2, title, "Terminated");
    if (ended.reason) lines.field(3, "Reason", ended.reason);
    if (ended.message) lines.field(3, "Message", ended.message);
    lines.field(3, "Exit Code", textAt(ended, "exitCode") || "0");
    if (ended.signal) lines.field(3, "Signal", ended.signal);
    lines.field(3, "Started", longTime(textAt(ended, "startedAt")));
    lines.field(3, "Finished", longTime(textAt(ended, "finishedAt")));
  } else {
    lines.field(2, title, "Waiting");
    const reason = textAt(of, "waiting", "reason");
    if (reason) lines.field(3, "Reason", reason);
  }
}

function amounts(lines: Lines, title: string, list: Readonly<Record<string, string>>): void {
  const names = Object.keys(list).sort();
  if (names.length === 0) return;
  lines.line(2, `${title}:`);
  for (const name of names) lines.field(3, name, list[name]);
}

function environment(lines: Lines, container: JsonObject, pod: JsonObject | undefined): void {
  const from = listAt(container, "envFrom");
  if (from.length > 0) {
    lines.line(2, "Environment Variables from:");
    for (const source of from) {
      const isMap = source.configMapRef !== undefined;
      const ref = objectAt(source, isMap ? "configMapRef" : "secretRef");
      const prefix = textAt(source, "prefix");
      lines.line(
        3,
        `${textAt(ref, "name")}\t${isMap ? "ConfigMap" : "Secret"}${prefix ? ` with prefix '${prefix}'` : ""}\tOptional: ${ref.optional === true}`,
      );
    }
  }
  const variables = listAt(container, "env");
  if (variables.length === 0) return lines.field(2, "Environment", "<none>");
  lines.line(2, "Environment:");
  for (const variable of variables) lines.line(3, `${textAt(variable, "name")}:\t${valueText(variable, pod)}`);
}

function valueText(variable: JsonObject, pod: JsonObject | undefined): string {
  const from = objectAt(variable, "valueFrom");
  if (from.fieldRef) {
    const path = textAt(from, "fieldRef", "fieldPath");
    return `${pod ? fieldOf(pod, path) : ""} (${textAt(from, "fieldRef", "apiVersion") || "v1"}:${path})`;
  }
  if (from.resourceFieldRef) {
    const container = textAt(from, "resourceFieldRef", "containerName");
    return `${container ? `${container} ` : ""}(${textAt(from, "resourceFieldRef", "resource")})`;
  }
  if (from.secretKeyRef) return keyText(objectAt(from, "secretKeyRef"), "secret");
  if (from.configMapKeyRef) return keyText(objectAt(from, "configMapKeyRef"), "config map");
  return textAt(variable, "value").split("\n").join("\n\t\t");
}

const keyText = (ref: JsonObject, of: string): string =>
  `<set to the key '${textAt(ref, "key")}'${of === "secret" ? " in secret" : " of config map"} '${textAt(ref, "name")}'>\tOptional: ${ref.optional === true}`;

function fieldOf(pod: JsonObject, path: string): string {
  const [, map, key] = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path) ?? [];
  if (map && key) return mapAt(pod, "metadata", map)[key] ?? "";
  return path === "metadata.name" ? nameOf(pod) : textAt(pod, ...path.split("."));
}

function mounts(lines: Lines, container: JsonObject): void {
  const list = listAt(container, "volumeMounts").toSorted((a, b) =>
    textAt(a, "mountPath") < textAt(b, "mountPath") ? -1 : 1,
  );
  lines.line(2, list.length > 0 ? "Mounts:" : "Mounts:\t<none>");
  for (const mount of list) {
    const flags = [mount.readOnly === true ? "ro" : "rw"];
    const path = textAt(mount, "subPath");
    if (path) flags.push(`path=${JSON.stringify(path)}`);
    lines.line(3, `${textAt(mount, "mountPath")} from ${textAt(mount, "name")} (${flags.join(",")})`);
  }
  const devices = listAt(container, "volumeDevices");
  if (devices.length > 0) {
    lines.line(2, "Devices:");
    for (const device of devices) lines.line(3, `${textAt(device, "devicePath")} from ${textAt(device, "name")}`);
  }
}
