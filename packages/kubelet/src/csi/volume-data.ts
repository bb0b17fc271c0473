/** The note beside a volume of a driver, by which a later kubelet can take it down: `vol_data.json`, as the original writes it. */
import { join } from "node:path";
import { type Disk, isMissing } from "../disk/disk.ts";

export interface VolumeData {
  readonly driverName: string;
  readonly volumeHandle: string;
  readonly specVolID: string;
  readonly nodeName: string;
  readonly volumeLifecycleMode: string;
  readonly attachmentID?: string;
}

const FILE = "vol_data.json";

export const writeVolumeData = async (disk: Disk, folder: string, data: VolumeData): Promise<void> =>
  await disk.writeFile(join(folder, FILE), JSON.stringify(data), 0o600);

/** Undefined where there is none. */
export async function readVolumeData(disk: Disk, folder: string): Promise<VolumeData | undefined> {
  try {
    return JSON.parse((await disk.readFile(join(folder, FILE))).toString()) as VolumeData;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw new Error(`the note ${join(folder, FILE)} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}
