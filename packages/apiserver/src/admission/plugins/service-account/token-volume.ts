/** The token of a pod's account, the authority of the API server and the namespace, in a volume that all containers see at one path. */
import type { Container, Pod, Volume } from "@kubets/api/generated/types/core-v1";
import type { Draft } from "@kubets/api/meta";
import { generateName, type Random } from "@kubets/machinery";

const PATH = "/var/run/secrets/kubernetes.io/serviceaccount";
const PREFIX = "kube-api-access-";
/** An hour and a little, by which the original's own tokens are told from others. */
const LIFETIME = 3607;

/** One name for all pods of a server: those from one template then say the same. */
const names = new WeakMap<Random, string>();

export function mountToken({ spec }: Draft<Pod>, random: Random): void {
  const present = spec.volumes?.find((volume) => volume.name.startsWith(PREFIX));
  const name = present?.name ?? nameOf(random);
  let mounted = false;
  for (const container of [...(spec.initContainers ?? []), ...spec.containers])
    mounted = mount(container, name) || mounted;
  if (mounted && !present) spec.volumes = [...(spec.volumes ?? []), tokenVolume(name)];
}

function nameOf(random: Random): string {
  let name = names.get(random);
  if (!name) names.set(random, (name = generateName(random, PREFIX)));
  return name;
}

/** A mount of the author's own at the path stays, and no other is put over it. */
function mount(container: Draft<Container>, name: string): boolean {
  const mounts = container.volumeMounts ?? [];
  if (mounts.some(({ mountPath }) => mountPath === PATH)) return false;
  container.volumeMounts = [...mounts, { name, readOnly: true, mountPath: PATH }];
  return true;
}

const tokenVolume = (name: string): Draft<Volume> => ({
  name,
  projected: {
    sources: [
      { serviceAccountToken: { expirationSeconds: LIFETIME, path: "token" } },
      { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
      {
        downwardAPI: {
          items: [{ path: "namespace", fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" } }],
        },
      },
    ],
    defaultMode: 0o644,
  },
});
