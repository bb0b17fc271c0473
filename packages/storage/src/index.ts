export { FolderLockedError, FormatError } from "./embedded/data-folder.ts";
export {
  type EmbeddedStorage,
  type EmbeddedStorageOptions,
  openEmbeddedStorage,
  STORAGE_FAILED_EXIT_CODE,
} from "./embedded/embedded-storage.ts";
export type { HistoryOptions } from "./embedded/history-policy.ts";
export { checkDataFolder, type RestoreOptions, restoreSnapshot } from "./embedded/offline.ts";
export { MemoryStorage, type MemoryStorageOptions } from "./memory/memory-storage.ts";
export * from "./storage.ts";
