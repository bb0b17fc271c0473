export { MemoryStorage, type MemoryStorageOptions } from "./memory/memory-storage.ts";
export * from "./storage.ts";
