/**
 * What holds of all servers of a StorageVersion together: the one version that all of them write, where there is one, and the condition that
 * says so. Its time changes when that version comes, goes or becomes another.
 */
import type {
  ServerStorageVersion,
  StorageVersion,
  StorageVersionCondition,
  StorageVersionStatus,
} from "../generated/types/apiserverinternal-v1alpha1.ts";

const TYPE = "AllEncodingVersionsEqual";

/** The status with these servers. */
export function statusWithServers(
  { metadata: { generation }, status }: StorageVersion,
  storageVersions: readonly ServerStorageVersion[],
  now: string,
): StorageVersionStatus {
  const { conditions = [], commonEncodingVersion: before } = status;
  const [first, ...more] = new Set(storageVersions.map(({ encodingVersion }) => encodingVersion));
  const common = more.length === 0 ? first : undefined;
  const said = conditions.find(({ type }) => type === TYPE);
  const is = common === undefined ? "False" : "True";
  const isOther = said?.status !== is || (before !== undefined && common !== undefined && before !== common);
  const condition: StorageVersionCondition = {
    type: TYPE,
    status: is,
    ...(generation && { observedGeneration: generation }),
    lastTransitionTime: isOther ? now : said.lastTransitionTime,
    reason: common === undefined ? "CommonEncodingVersionUnset" : "CommonEncodingVersionSet",
    message: common === undefined ? "Common encoding version unset" : "Common encoding version set",
  };
  return {
    storageVersions,
    ...(common !== undefined && { commonEncodingVersion: common }),
    conditions: said ? conditions.map((each) => (each === said ? condition : each)) : [...conditions, condition],
  };
}
