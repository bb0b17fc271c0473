/** The labels and annotations by which sandboxes and containers are known again; the names are the original's. */
export const POD_NAME = "io.kubernetes.pod.name";
export const POD_NAMESPACE = "io.kubernetes.pod.namespace";
export const POD_UID = "io.kubernetes.pod.uid";
export const CONTAINER_NAME = "io.kubernetes.container.name";

export const CONTAINER_HASH = "io.kubernetes.container.hash";
export const RESTART_COUNT = "io.kubernetes.container.restartCount";
export const TERMINATION_MESSAGE_PATH = "io.kubernetes.container.terminationMessagePath";
export const TERMINATION_MESSAGE_POLICY = "io.kubernetes.container.terminationMessagePolicy";
export const PRE_STOP_HANDLER = "io.kubernetes.container.preStopHandler";
export const CONTAINER_PORTS = "io.kubernetes.container.ports";
export const POD_GRACE = "io.kubernetes.pod.terminationGracePeriod";
export const POD_DELETION_GRACE = "io.kubernetes.pod.deletionGracePeriod";

/** The ids of images that the container has as volumes, with commas between; this one is our own. */
export const VOLUME_IMAGES = "io.kubets.container.volumeImages";
