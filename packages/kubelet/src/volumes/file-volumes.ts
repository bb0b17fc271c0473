/** Volumes made of files: configMap, secret, downwardAPI, projected. Setting one up again brings its files up to date. */
import type { Pod, PodCertificateProjection, Volume } from "@kubets/api/generated/types/core-v1";
import type { MountedVolume } from "../container-config/mounts.ts";
import { writeAtomically } from "./atomic-files.ts";
import { setGroup } from "./ownership.ts";
import { configMapFiles, DEFAULT_MODE, downwardFiles, secretFiles } from "./payload.ts";
import type { Credential } from "./pod-certificates.ts";
import { ensureTmpfs } from "./tmpfs.ts";
import { trustAnchors } from "./trust-bundles.ts";
import { type VolumeContext, VolumeError, type VolumeFile, type VolumeFiles, type VolumePlugin } from "./volume.ts";

/** `inMemory`: the files never touch the disk. */
const filePlugin = (
  name: string,
  inMemory: boolean,
  source: (volume: Volume) => unknown,
  files: (context: VolumeContext) => VolumeFiles | Promise<VolumeFiles>,
): VolumePlugin => ({
  name,
  supports: (volume) => source(volume) !== undefined,
  async setUp(context): Promise<MountedVolume> {
    const { disk, folder, pod, now } = context;
    // What cannot be had must not leave an empty volume behind.
    const wanted = await files(context);
    await disk.makeFolder(folder, 0o777);
    if (inMemory) await ensureTmpfs(disk, folder, 0);
    const { fsGroup } = pod.spec.securityContext ?? {};
    await writeAtomically(disk, folder, wanted, now, async () => {
      if (fsGroup !== undefined) await setGroup(disk, folder, fsGroup, true);
    });
    return { path: folder, readOnly: true };
  },
});

export const configMapVolume = filePlugin(
  "kubernetes.io/configmap",
  false,
  ({ configMap }) => configMap,
  ({ volume, pod, objects }) => {
    const { name = "", items, defaultMode = DEFAULT_MODE, optional = false } = volume.configMap ?? {};
    return configMapFiles(name, objects.configMap(pod.metadata.namespace, name), { items, defaultMode, optional });
  },
);

export const secretVolume = filePlugin(
  "kubernetes.io/secret",
  true,
  ({ secret }) => secret,
  ({ volume, pod, objects }) => {
    const { secretName = "", items, defaultMode = DEFAULT_MODE, optional = false } = volume.secret ?? {};
    return secretFiles(secretName, objects.secret(pod.metadata.namespace, secretName), {
      items,
      defaultMode,
      optional,
    });
  },
);

export const downwardApiVolume = filePlugin(
  "kubernetes.io/downward-api",
  true,
  ({ downwardAPI }) => downwardAPI,
  (context) => {
    const { items = [], defaultMode = DEFAULT_MODE } = context.volume.downwardAPI ?? {};
    return downwardFiles(context.pod, items, defaultMode, context);
  },
);

export const projectedVolume = filePlugin(
  "kubernetes.io/projected",
  true,
  ({ projected }) => projected,
  async (context) => {
    const { pod, objects, tokens, certificates, volume } = context;
    const { namespace } = pod.metadata;
    const { sources = [], defaultMode = DEFAULT_MODE } = volume.projected ?? {};
    const files = new Map<string, VolumeFile>();
    for (const [i, source] of sources.entries()) {
      const { configMap, secret, downwardAPI, serviceAccountToken, clusterTrustBundle, podCertificate, ...other } =
        source;
      let more: VolumeFiles;
      if (configMap) {
        const { name = "", items, optional = false } = configMap;
        more = configMapFiles(name, objects.configMap(namespace, name), { items, defaultMode, optional });
      } else if (secret) {
        const { name = "", items, optional = false } = secret;
        more = secretFiles(name, objects.secret(namespace, name), { items, defaultMode, optional });
      } else if (downwardAPI) more = downwardFiles(pod, downwardAPI.items ?? [], defaultMode, context);
      else if (serviceAccountToken) {
        const { audience, expirationSeconds = 3600, path } = serviceAccountToken;
        const token = await tokens.get(pod, { expirationSeconds, ...(audience && { audience }) });
        more = new Map([[path, privateFile(pod, token, defaultMode)]]);
      } else if (clusterTrustBundle) {
        const content = Buffer.from(await trustAnchors(context.client, clusterTrustBundle));
        more = new Map([[clusterTrustBundle.path, { content, mode: defaultMode }]]);
      } else if (podCertificate)
        more = credentialFiles(
          pod,
          await certificates.get(pod, `${volume.name}/${i}`, podCertificate),
          podCertificate,
          defaultMode,
        );
      else throw new VolumeError(`projected source ${Object.keys(other).join(", ")} is not supported by this kubelet`);
      for (const [path, file] of more) files.set(path, file);
    }
    return files;
  },
);

/** The bundle has the key first. */
function credentialFiles(
  pod: Pod,
  { key, chain }: Credential,
  { credentialBundlePath, keyPath, certificateChainPath }: PodCertificateProjection,
  defaultMode: number,
): VolumeFiles {
  const contents = [
    [credentialBundlePath, key + chain],
    [keyPath, key],
    [certificateChainPath, chain],
  ] as const;
  return new Map(contents.flatMap(([path, text]) => (path ? [[path, privateFile(pod, text, defaultMode)]] : [])));
}

/** Only those who run in the pod read who it is, where it is known who they are. */
function privateFile(pod: Pod, text: string, defaultMode: number): VolumeFile {
  const content = Buffer.from(text);
  const { fsGroup } = pod.spec.securityContext ?? {};
  if (fsGroup !== undefined) return { content, mode: 0o600 };
  const owner = commonUser(pod);
  return owner === undefined ? { content, mode: defaultMode } : { content, mode: 0o600, owner };
}

/** The user of all containers, if they are to run as the same. */
function commonUser({ spec }: Pod): number | undefined {
  const users = [...spec.containers, ...(spec.initContainers ?? [])].map(
    ({ securityContext }) => securityContext?.runAsUser ?? spec.securityContext?.runAsUser,
  );
  return users.every((user) => user === users[0]) ? users[0] : undefined;
}
