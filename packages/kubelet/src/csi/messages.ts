/** The messages of the container storage interface, version 1, that a node and its drivers exchange. */
import { defineMessages, type MessageType, method } from "@kubets/wire/proto";

const type = defineMessages({
  Empty: "",
  GetPluginInfoResponse: "name=1:string vendorVersion=2:string manifest=3:map<string,string>",
  BlockVolume: "",
  MountVolume: "fsType=1:string mountFlags=2:string* volumeMountGroup=3:string",
  AccessMode: "mode=1:enum",
  VolumeCapability: "block=1:BlockVolume mount=2:MountVolume accessMode=3:AccessMode",
  CapacityRange: "requiredBytes=1:int64 limitBytes=2:int64",
  NodeStageVolumeRequest:
    "volumeId=1:string publishContext=2:map<string,string> stagingTargetPath=3:string volumeCapability=4:VolumeCapability secrets=5:map<string,string> volumeContext=6:map<string,string>",
  NodeUnstageVolumeRequest: "volumeId=1:string stagingTargetPath=2:string",
  NodePublishVolumeRequest:
    "volumeId=1:string publishContext=2:map<string,string> stagingTargetPath=3:string targetPath=4:string volumeCapability=5:VolumeCapability readonly=6:bool secrets=7:map<string,string> volumeContext=8:map<string,string>",
  NodeUnpublishVolumeRequest: "volumeId=1:string targetPath=2:string",
  NodeGetVolumeStatsRequest: "volumeId=1:string volumePath=2:string stagingTargetPath=3:string",
  VolumeUsage: "available=1:int64 total=2:int64 used=3:int64 unit=4:enum",
  VolumeCondition: "abnormal=1:bool message=2:string",
  NodeGetVolumeStatsResponse: "usage=1:VolumeUsage* volumeCondition=2:VolumeCondition",
  NodeExpandVolumeRequest:
    "volumeId=1:string volumePath=2:string capacityRange=3:CapacityRange stagingTargetPath=4:string volumeCapability=5:VolumeCapability secrets=6:map<string,string>",
  NodeExpandVolumeResponse: "capacityBytes=1:int64",
  Rpc: "type=1:enum",
  NodeServiceCapability: "rpc=1:Rpc",
  NodeGetCapabilitiesResponse: "capabilities=1:NodeServiceCapability*",
  Topology: "segments=1:map<string,string>",
  NodeGetInfoResponse: "nodeId=1:string maxVolumesPerNode=2:int64 accessibleTopology=3:Topology",
});

type Words = Readonly<Record<string, string>>;

export interface VolumeCapability {
  block?: object;
  mount?: { fsType: string; mountFlags: readonly string[]; volumeMountGroup: string };
  accessMode?: { mode: number };
}

interface NodeStageVolumeRequest {
  volumeId: string;
  publishContext: Words;
  stagingTargetPath: string;
  volumeCapability?: VolumeCapability;
  secrets: Words;
  volumeContext: Words;
}

interface NodePublishVolumeRequest extends NodeStageVolumeRequest {
  targetPath: string;
  readonly: boolean;
}

export interface VolumeUsage {
  available: number | bigint;
  total: number | bigint;
  used: number | bigint;
  unit: number;
}

/** Whether a volume is well, as its driver says. */
export interface VolumeCondition {
  abnormal: boolean;
  message: string;
}

interface NodeGetVolumeStatsResponse {
  usage: readonly VolumeUsage[];
  volumeCondition?: VolumeCondition;
}

interface NodeGetInfoResponse {
  nodeId: string;
  maxVolumesPerNode: number | bigint;
  accessibleTopology?: { segments: Words };
}

interface NodeExpandVolumeRequest {
  volumeId: string;
  volumePath: string;
  capacityRange?: { requiredBytes: number | bigint; limitBytes: number | bigint };
  stagingTargetPath: string;
  volumeCapability?: VolumeCapability;
  secrets: Words;
}

export const UNIT = { bytes: 1, inodes: 2 } as const;
export const CAPABILITY = { stage: 1, stats: 2, expand: 3, condition: 4, multiWriter: 5, mountGroup: 6 } as const;

export const ACCESS_MODE = {
  SINGLE_NODE_WRITER: 1,
  SINGLE_NODE_READER_ONLY: 2,
  MULTI_NODE_READER_ONLY: 3,
  MULTI_NODE_MULTI_WRITER: 5,
  SINGLE_NODE_SINGLE_WRITER: 6,
  SINGLE_NODE_MULTI_WRITER: 7,
} as const;

const of = <T>(name: string) => type(name) as MessageType<T>;
const call = <Q, R>(service: string, name: string, request: string, response: string) =>
  method("unary", `/csi.v1.${service}/${name}`, of<Q>(request), of<R>(response));

export const Identity = {
  getPluginInfo: call<object, { name: string; vendorVersion: string }>(
    "Identity",
    "GetPluginInfo",
    "Empty",
    "GetPluginInfoResponse",
  ),
} as const;

export const Node = {
  stage: call<NodeStageVolumeRequest, object>("Node", "NodeStageVolume", "NodeStageVolumeRequest", "Empty"),
  unstage: call<{ volumeId: string; stagingTargetPath: string }, object>(
    "Node",
    "NodeUnstageVolume",
    "NodeUnstageVolumeRequest",
    "Empty",
  ),
  publish: call<NodePublishVolumeRequest, object>("Node", "NodePublishVolume", "NodePublishVolumeRequest", "Empty"),
  unpublish: call<{ volumeId: string; targetPath: string }, object>(
    "Node",
    "NodeUnpublishVolume",
    "NodeUnpublishVolumeRequest",
    "Empty",
  ),
  stats: call<{ volumeId: string; volumePath: string; stagingTargetPath: string }, NodeGetVolumeStatsResponse>(
    "Node",
    "NodeGetVolumeStats",
    "NodeGetVolumeStatsRequest",
    "NodeGetVolumeStatsResponse",
  ),
  expand: call<NodeExpandVolumeRequest, { capacityBytes: number | bigint }>(
    "Node",
    "NodeExpandVolume",
    "NodeExpandVolumeRequest",
    "NodeExpandVolumeResponse",
  ),
  capabilities: call<object, { capabilities: readonly { rpc?: { type: number } }[] }>(
    "Node",
    "NodeGetCapabilities",
    "Empty",
    "NodeGetCapabilitiesResponse",
  ),
  info: call<object, NodeGetInfoResponse>("Node", "NodeGetInfo", "Empty", "NodeGetInfoResponse"),
} as const;
