/**
 * The files of images in volumes. Where the runtime does not mount images into containers itself, they are mounted here, for reading only: once for a
 * pod, however many of its volumes and containers show them.
 * Holds: the folder of a mount is there before the runtime's view and goes after it, so that none stays behind, whichever kubelet made it.
 */
import { dirname, join } from "node:path";
import type { MountedVolume } from "../container-config/mounts.ts";
import { type Disk, isMounted, type MountWish } from "../disk/disk.ts";
import { type KubeletPaths, volumeFolder } from "../paths.ts";
import type { ImageMount, Runtime } from "../runtime/runtime.ts";

interface ImageVolumesOptions {
  readonly runtime: Pick<Runtime, "mountsImages" | "viewImage" | "removeView">;
  readonly disk: Disk;
  readonly paths: KubeletPaths;
}

const PLUGIN = "kubernetes.io/image";

export class ImageVolumes {
  readonly #options: ImageVolumesOptions;

  constructor(options: ImageVolumesOptions) {
    this.#options = options;
  }

  /** `image` is the id of one that is there, for this handler of the runtime. */
  async setUp(uid: string, image: string, handler = ""): Promise<MountedVolume> {
    const { runtime, disk, paths } = this.#options;
    if (await runtime.mountsImages()) return { image, ...(handler && { handler }) };
    const name = image.replace(/^sha256:/, "");
    const folder = volumeFolder(paths, uid, PLUGIN, name);
    await disk.makeFolder(folder, 0o750);
    const mounts = await runtime.viewImage(viewOf(uid, name), image, handler);
    if (!(await isMounted(disk, folder))) for (const mount of mounts) await disk.mount(wishOf(mount, folder));
    return { image, path: folder };
  }

  async tearDown(uid: string): Promise<void> {
    const { runtime, disk, paths } = this.#options;
    const parent = dirname(volumeFolder(paths, uid, PLUGIN, "any"));
    for (const name of await disk.list(parent)) {
      const folder = join(parent, name);
      for (const point of await disk.mountsBelow(folder)) await disk.unmount(point);
      await runtime.removeView(viewOf(uid, name));
      await disk.remove(folder);
    }
  }
}

const viewOf = (uid: string, name: string): string => `kubets/${uid}/${name}`;

const LAYERS = "lowerdir=";

/** The kernel takes a page of options: too short for the paths of many layers, unless they are told from where all of them lie. */
function wishOf({ type, source, options }: ImageMount, target: string): MountWish {
  // `mount` knows binds by their options.
  if (type === "bind") return { type: "none", source, target, options };
  const layers = options.flatMap((each) => (each.startsWith(LAYERS) ? each.slice(LAYERS.length).split(":") : []));
  const folder = join(dirname(dirname(layers[0] ?? "/")), "/");
  if (!layers.every((path) => path.startsWith(folder))) return { type, source, target, options };
  const short = `${LAYERS}${layers.map((path) => path.slice(folder.length)).join(":")}`;
  return { type, source, target, folder, options: options.map((each) => (each.startsWith(LAYERS) ? short : each)) };
}
