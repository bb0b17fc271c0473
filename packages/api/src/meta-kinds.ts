/**
 * The kinds of meta.k8s.io that no published schema lists, in the form of generated/tables.ts: metadata without its object, a list of
 * objects of several kinds, and the options of the verbs.
 */
const META = "apimachinery.pkg.apis.meta.v1";

export const metaKinds: Readonly<Record<string, string>> = {
  [`${META}.PartialObjectMetadata`]: "kind s -\napiVersion s -\nmetadata @ObjectMeta 1 +",
  [`${META}.PartialObjectMetadataList`]:
    "kind s -\napiVersion s -\nmetadata @ListMeta 1 +\nitems [@PartialObjectMetadata 2 + !",
  [`${META}.List`]: "kind s -\napiVersion s -\nmetadata @ListMeta 1 +\nitems [r 2 + !",
  [`${META}.CreateOptions`]: "kind s -\napiVersion s -\ndryRun [s 1\nfieldManager s 3\nfieldValidation s 4",
  [`${META}.UpdateOptions`]: "kind s -\napiVersion s -\ndryRun [s 1\nfieldManager s 2\nfieldValidation s 3",
  [`${META}.PatchOptions`]: "kind s -\napiVersion s -\ndryRun [s 1\nforce b 2 ^\nfieldManager s 3\nfieldValidation s 4",
};
