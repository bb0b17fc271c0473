/** What Go calls the types of fields and the embedded structs on the way to them: error texts of the decoder name both. */
import type { Field, Struct, TypeRef } from "../schema.ts";

/** Fields whose Go type has a name of its own, by struct and field. */
const NAMED: Readonly<Record<string, string>> = {
  "ObjectMeta.uid": "types.UID",
  "OwnerReference.uid": "types.UID",
  "ObjectReference.uid": "types.UID",
  "ObjectMeta.generation": "int64",
  "Secret.type": "v1.SecretType",
  "ServiceSpec.type": "v1.ServiceType",
  "ServiceSpec.sessionAffinity": "v1.ServiceAffinity",
  "ServicePort.protocol": "v1.Protocol",
  "ContainerPort.protocol": "v1.Protocol",
  "EndpointPort.protocol": "v1.Protocol",
  "Container.imagePullPolicy": "v1.PullPolicy",
  "Container.terminationMessagePolicy": "v1.TerminationMessagePolicy",
  "Container.restartPolicy": "v1.ContainerRestartPolicy",
  "PodSpec.restartPolicy": "v1.RestartPolicy",
  "PodSpec.dnsPolicy": "v1.DNSPolicy",
  "PodSpec.preemptionPolicy": "v1.PreemptionPolicy",
  "PodStatus.phase": "v1.PodPhase",
  "PodStatus.qosClass": "v1.PodQOSClass",
  "Toleration.operator": "v1.TolerationOperator",
  "Toleration.effect": "v1.TaintEffect",
  "Taint.effect": "v1.TaintEffect",
  "DeploymentStrategy.type": "v1.DeploymentStrategyType",
  "DaemonSetUpdateStrategy.type": "v1.DaemonSetUpdateStrategyType",
  "StatefulSetUpdateStrategy.type": "v1.StatefulSetUpdateStrategyType",
  "StatefulSetSpec.podManagementPolicy": "v1.PodManagementPolicyType",
  "CronJobSpec.concurrencyPolicy": "v1.ConcurrencyPolicy",
  "LabelSelectorRequirement.operator": "v1.LabelSelectorOperator",
  "NodeSelectorRequirement.operator": "v1.NodeSelectorOperator",
  "NamespaceStatus.phase": "v1.NamespacePhase",
  "PersistentVolumeClaimStatus.phase": "v1.PersistentVolumeClaimPhase",
  "PersistentVolumeStatus.phase": "v1.PersistentVolumePhase",
  "PersistentVolumeSpec.persistentVolumeReclaimPolicy": "v1.PersistentVolumeReclaimPolicy",
  "EmptyDirVolumeSource.medium": "v1.StorageMedium",
  "NetworkPolicyPort.protocol": "v1.Protocol",
};

/** The embedded struct that holds the fields which protobuf keeps in a message of their own. */
const EMBEDDED: Readonly<Record<string, string>> = {
  Probe: "ProbeHandler",
  Volume: "VolumeSource",
  PersistentVolumeSpec: "PersistentVolumeSource",
  EphemeralContainer: "EphemeralContainerCommon",
  ConfigMapEnvSource: "LocalObjectReference",
  ConfigMapKeySelector: "LocalObjectReference",
  ConfigMapProjection: "LocalObjectReference",
  ConfigMapVolumeSource: "LocalObjectReference",
  SecretEnvSource: "LocalObjectReference",
  SecretKeySelector: "LocalObjectReference",
  SecretProjection: "LocalObjectReference",
  RuleWithOperations: "Rule",
  NamedRuleWithOperations: "RuleWithOperations",
  IngressRule: "IngressRuleValue",
  DeviceAllocationConfiguration: "DeviceConfiguration",
  DeviceClaimConfiguration: "DeviceConfiguration",
  DeviceClassConfiguration: "DeviceConfiguration",
};

export const simpleName = (name: string): string => name.slice(name.lastIndexOf(".") + 1);

/** "api.core.v1.Pod" -> "v1.Pod". */
const packageName = (name: string): string => name.split(".").slice(-2).join(".");

/** The way from a struct to a field as Go's decoder tells it. */
export function goPathOf(struct: Struct, field: Field): string {
  const embedded = field.proto.length > 1 ? EMBEDDED[simpleName(struct.name)] : undefined;
  return embedded ? `${embedded}.${field.name}` : field.name;
}

export const goFieldType = (struct: Struct, field: Field): string =>
  NAMED[`${simpleName(struct.name)}.${field.name}`] ?? goType(field.type);

export function goType(type: TypeRef): string {
  switch (type.kind) {
    case "struct":
      return packageName(type.name);
    case "list":
      return `[]${goType(type.item)}`;
    case "map":
      return isQuantity(type.value) ? "v1.ResourceList" : `map[string]${goType(type.value)}`;
    case "scalar":
      return SCALAR[type.scalar] ?? type.scalar;
    default:
      return "v1.JSON";
  }
}

const isQuantity = (type: TypeRef) => type.kind === "scalar" && type.scalar === "quantity";

/** Those types that check their text themselves say so of the string or number that they hold. */
const SCALAR: Readonly<Record<string, string>> = {
  double: "float64",
  bytes: "[]uint8",
  intOrString: "int32",
  time: "string",
  microtime: "string",
  duration: "string",
};
