/** The release of Kubernetes that Kubets is, as its parts tell it. */
const MINOR = "36";

/** As features and documents are dated by it. */
export const RELEASE = `1.${MINOR}`;
export const VERSION = `v${RELEASE}.2`;
/** Of the programs that tell what they are. */
export const programVersion = { major: "1", minor: MINOR, gitVersion: `${VERSION}+kubets` } as const;
