/** What plugins have to say of a whole group of pods: where it may stand, and who has to go for it. */
import type { PodGroup } from "@kubets/api/generated/types/scheduling-v1alpha2";
import type { GroupPlacement, GroupRoom, TryGroup } from "./framework/group-placement.ts";
import { inPoint } from "./framework/instrumented.ts";
import type { PodInfo } from "./framework/pod-info.ts";
import type { Profile } from "./framework/profile.ts";

/** Each plugin divides what those before it have left. */
export function placementsOf(profile: Profile, group: PodGroup, all: GroupPlacement): readonly GroupPlacement[] {
  return inPoint(profile, "placementGenerate", () => {
    let placements = [all];
    for (const plugin of profile.points.placementGenerate)
      placements = placements.flatMap((each) => plugin.placementGenerate(group, each));
    return placements;
  });
}

export async function makeRoom(
  { points }: Profile,
  group: PodGroup,
  pods: readonly PodInfo[],
  tryAgain: TryGroup,
): Promise<GroupRoom> {
  const plugin = points.postFilter.find(({ postFilterGroup }) => postFilterGroup);
  if (!plugin?.postFilterGroup)
    return { message: "default preemption plugin is not registered, workload aware preemption is disabled" };
  if (group.spec.schedulingConstraints?.topology?.length)
    return { message: "workload aware preemption is not supported for pod groups with scheduling constraints" };
  return plugin.postFilterGroup(group, pods, tryAgain);
}
