import type { EtcdOptions, EtcdStorage } from "./etcd/etcd-storage.ts";

export { FolderLockedError, FormatError } from "./embedded/data-folder.ts";
export {
  type EmbeddedStorage,
  type EmbeddedStorageOptions,
  openEmbeddedStorage,
  STORAGE_FAILED_EXIT_CODE,
} from "./embedded/embedded-storage.ts";
export type { HistoryOptions } from "./embedded/history-policy.ts";
export { checkDataFolder, type RestoreOptions, restoreSnapshot } from "./embedded/offline.ts";
export type { EtcdOptions, EtcdStorage } from "./etcd/etcd-storage.ts";
export { MemoryStorage, type MemoryStorageOptions } from "./memory/memory-storage.ts";
export * from "./storage.ts";

/** The driver with its gRPC client is loaded when it is first used. */
export async function connectEtcd(options: EtcdOptions): Promise<EtcdStorage> {
  const { connect } = await import("./etcd/etcd-storage.ts");
  return await connect(options);
}
