/** New names of objects, and of all that refers to them. */
import { isObject } from "@kubets/machinery/json-value";
import { at, type JsonObject, listAt, nameOf } from "../json.ts";
import { below, podSpecOf } from "./pod-specs.ts";

/** New names by kind and old name. */
type Renamed = ReadonlyMap<string, string>;

export const nameKey = (kind: string, name: string): string => `${kind} ${name}`;

/** Kinds whose names stay as they are. */
export const KEEP_NAME = new Set(["Namespace", "CustomResourceDefinition", "APIService"]);
const CLUSTER_WIDE = new Set([
  "Namespace",
  "Node",
  "PersistentVolume",
  "StorageClass",
  "ClusterRole",
  "ClusterRoleBinding",
  "CustomResourceDefinition",
  "PriorityClass",
  "IngressClass",
  "RuntimeClass",
  "APIService",
  "ValidatingWebhookConfiguration",
  "MutatingWebhookConfiguration",
]);

export function putInNamespace(objects: readonly JsonObject[], namespace: string): void {
  for (const object of objects) {
    if (object["kind"] === "Namespace") below(object, "metadata")["name"] = namespace;
    else if (!CLUSTER_WIDE.has(String(object["kind"]))) below(object, "metadata")["namespace"] = namespace;
    for (const subject of listAt(object, "subjects"))
      if (subject["kind"] === "ServiceAccount" && subject["name"] === "default") subject["namespace"] = namespace;
  }
  const accounts = new Set(objects.filter((o) => o["kind"] === "ServiceAccount").map(nameOf));
  for (const object of objects)
    for (const subject of listAt(object, "subjects"))
      if (subject["kind"] === "ServiceAccount" && accounts.has(String(subject["name"])))
        subject["namespace"] = namespace;
}

/** Every place in an object that names another, as what holds the name, in which field, and of which kind it is. */
function* references(object: JsonObject): Generator<[holder: JsonObject, field: string, kind: string]> {
  const spec = podSpecOf(object);
  if (spec) yield* podReferences(spec);
  const kind = object["kind"];
  if (kind === "StatefulSet") {
    const own = at(object, "spec");
    if (isObject(own)) yield [own, "serviceName", "Service"];
  }
  if (kind === "HorizontalPodAutoscaler") {
    const target = at(object, "spec", "scaleTargetRef");
    if (isObject(target)) yield [target, "name", String(target["kind"])];
  }
  if (kind === "RoleBinding" || kind === "ClusterRoleBinding") {
    const role = at(object, "roleRef");
    if (isObject(role)) yield [role, "name", String(role["kind"])];
    for (const subject of listAt(object, "subjects"))
      if (subject["kind"] === "ServiceAccount") yield [subject, "name", "ServiceAccount"];
  }
  if (kind === "ServiceAccount")
    for (const secret of [...listAt(object, "secrets"), ...listAt(object, "imagePullSecrets")])
      yield [secret, "name", "Secret"];
  if (kind === "Ingress") yield* ingressReferences(object);
  if (kind === "PersistentVolumeClaim") {
    const own = at(object, "spec");
    if (isObject(own)) yield [own, "volumeName", "PersistentVolume"];
  }
}

function* podReferences(spec: JsonObject): Generator<[JsonObject, string, string]> {
  yield [spec, "serviceAccountName", "ServiceAccount"];
  for (const secret of listAt(spec, "imagePullSecrets")) yield [secret, "name", "Secret"];
  for (const container of [...listAt(spec, "initContainers"), ...listAt(spec, "containers")]) {
    const sources = [...listAt(container, "env").map((each) => at(each, "valueFrom")), ...listAt(container, "envFrom")];
    for (const source of sources)
      yield* keyed(source, ["configMapKeyRef", "configMapRef"], ["secretKeyRef", "secretRef"]);
  }
  for (const volume of listAt(spec, "volumes")) {
    yield* keyed(volume, ["configMap"], []);
    const secret = at(volume, "secret");
    if (isObject(secret)) yield [secret, "secretName", "Secret"];
    const claim = at(volume, "persistentVolumeClaim");
    if (isObject(claim)) yield [claim, "claimName", "PersistentVolumeClaim"];
    for (const source of listAt(volume, "projected", "sources")) yield* keyed(source, ["configMap"], ["secret"]);
  }
}

function* keyed(
  source: unknown,
  configMaps: readonly string[],
  secrets: readonly string[],
): Generator<[JsonObject, string, string]> {
  for (const field of [...configMaps, ...secrets]) {
    const found = at(source, field);
    if (isObject(found)) yield [found, "name", configMaps.includes(field) ? "ConfigMap" : "Secret"];
  }
}

function* ingressReferences(object: JsonObject): Generator<[JsonObject, string, string]> {
  const backends = [
    at(object, "spec", "defaultBackend"),
    ...listAt(object, "spec", "rules").flatMap((rule) => listAt(rule, "http", "paths").map((p) => at(p, "backend"))),
  ];
  for (const backend of backends) {
    const service = at(backend, "service");
    if (isObject(service)) yield [service, "name", "Service"];
  }
  for (const tls of listAt(object, "spec", "tls")) yield [tls, "secretName", "Secret"];
}

export function followNames(objects: readonly JsonObject[], renamed: Renamed): void {
  for (const object of objects)
    for (const [holder, field, kind] of references(object)) {
      const next = renamed.get(nameKey(kind, String(holder[field] ?? "")));
      if (next !== undefined) holder[field] = next;
    }
}
