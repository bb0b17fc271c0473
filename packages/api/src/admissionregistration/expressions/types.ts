/** What expressions of policies and match conditions know of a request: its own type, and that of the namespace that it is in. */
import { type CelType, celTypes, type ObjectType } from "@kubets/cel";

const { string, bool, int, timestamp, dyn } = celTypes;
const strings = celTypes.list(string);

const object = (name: string, fields: Readonly<Record<string, CelType>>): ObjectType =>
  celTypes.object(
    `kubernetes.${name}`,
    Object.fromEntries(Object.entries(fields).map(([field, type]) => [field, { type }])),
  );

const groupVersion = { group: string, version: string };
const kind = object("GroupVersionKind", { ...groupVersion, kind: string });
const resource = object("GroupVersionResource", { ...groupVersion, resource: string });

export const requestType = object("AdmissionRequest", {
  kind,
  resource,
  subResource: string,
  requestKind: kind,
  requestResource: resource,
  requestSubResource: string,
  name: string,
  namespace: string,
  operation: string,
  userInfo: object("UserInfo", {
    username: string,
    uid: string,
    groups: strings,
    extra: celTypes.map(string, strings),
  }),
  dryRun: bool,
  options: dyn,
});

export const namespaceType = object("Namespace", {
  metadata: object("NamespaceMetadata", {
    name: string,
    generateName: string,
    namespace: string,
    labels: celTypes.map(string, string),
    annotations: celTypes.map(string, string),
    UID: string,
    creationTimestamp: timestamp,
    deletionGracePeriodSeconds: int,
    deletionTimestamp: timestamp,
    generation: int,
    resourceVersion: string,
    finalizers: strings,
  }),
  spec: object("NamespaceSpec", { finalizers: strings }),
  status: object("NamespaceStatus", {
    conditions: celTypes.list(
      object("NamespaceCondition", {
        status: string,
        type: string,
        lastTransitionTime: timestamp,
        message: string,
        reason: string,
      }),
    ),
    phase: string,
  }),
});
