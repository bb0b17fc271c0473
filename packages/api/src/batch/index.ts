/** The resources of batch. */
import { cronJobResource } from "./cron-job.ts";
import { jobResource } from "./job.ts";

export const batchResources = [cronJobResource, jobResource];
