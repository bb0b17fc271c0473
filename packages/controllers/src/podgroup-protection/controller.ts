/** Keeps PodGroups from going while pods of theirs have not ended: they are made with a finalizer, which comes off when the last such pod has gone or ended. */
import { podgroups, pods } from "@kubets/api/generated/refs";
import { isFinished } from "@kubets/api/pod/state";
import { PROTECTION_FINALIZER } from "@kubets/api/scheduling/pod-group";
import { type Controller, on, onRelated } from "@kubets/client";
import { unlessGone } from "../error-text.ts";
import { groupsOf } from "../pods/group.ts";

const BY_GROUP = "living-of-group";

export const podGroupProtection = (): Controller => ({
  name: "podgroup-protection",
  watches: [
    on(podgroups),
    onRelated(pods, (pod, old) =>
      !old || isFinished(pod) || old.metadata.uid !== pod.metadata.uid ? groupsOf(old ?? pod) : [],
    ),
  ],
  start({ cache }) {
    cache.informer(pods).addIndex(BY_GROUP, (pod) => (isFinished(pod) ? [] : groupsOf(pod)));
  },
  async reconcile(key, { cache, client }) {
    const group = cache.get(podgroups, key);
    const { finalizers = [], deletionTimestamp } = group?.metadata ?? {};
    if (!group || !deletionTimestamp || !finalizers.includes(PROTECTION_FINALIZER)) return;
    if (cache.informer(pods).indexed(BY_GROUP, key).length > 0) return;
    const metadata = { ...group.metadata, finalizers: finalizers.filter((each) => each !== PROTECTION_FINALIZER) };
    await unlessGone(client.update(podgroups, { ...group, metadata }));
  },
});
