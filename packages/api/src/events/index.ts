/** The resources of events.k8s.io. */
import { eventResource } from "./event.ts";

export const eventsResources = [eventResource];
