/** What controllers of the original do by gates, and these do not: who opens one of them is told. */
export const NOT_THERE: readonly string[] = ["StorageVersionAPI"];
