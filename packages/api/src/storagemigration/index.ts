/** The resources of storagemigration.k8s.io. */
import { storageVersionMigrationResource } from "./storage-version-migration.ts";

export const storagemigrationResources = [storageVersionMigrationResource];
