/**
 * The kinds of all groups that no published schema lists, in the form of generated/tables.ts: metadata without its object, a list of
 * objects of several kinds, the options of the verbs, and discovery in one document.
 */
const META = "apimachinery.pkg.apis.meta.v1";
const DISCOVERY = "api.apidiscovery.v2";

export const metaKinds: Readonly<Record<string, string>> = {
  [`${META}.PartialObjectMetadata`]: "kind s -\napiVersion s -\nmetadata @ObjectMeta 1 +",
  [`${META}.PartialObjectMetadataList`]:
    "kind s -\napiVersion s -\nmetadata @ListMeta 1 +\nitems [@PartialObjectMetadata 2 + !",
  [`${META}.List`]: "kind s -\napiVersion s -\nmetadata @ListMeta 1 +\nitems [r 2 + !",
  [`${META}.CreateOptions`]: "kind s -\napiVersion s -\ndryRun [s 1\nfieldManager s 3\nfieldValidation s 4",
  [`${META}.UpdateOptions`]: "kind s -\napiVersion s -\ndryRun [s 1\nfieldManager s 2\nfieldValidation s 3",
  [`${META}.PatchOptions`]: "kind s -\napiVersion s -\ndryRun [s 1\nforce b 2 ^\nfieldManager s 3\nfieldValidation s 4",
  [`${META}.GroupVersionKind`]: "group s 1 +\nversion s 2 +\nkind s 3 +",
  [`${DISCOVERY}.APIGroupDiscoveryList`]: `kind s -\napiVersion s -\nmetadata @${META}.ListMeta 1 +\nitems [@APIGroupDiscovery 2 + !`,
  [`${DISCOVERY}.APIGroupDiscovery`]: `kind s -\napiVersion s -\nmetadata @${META}.ObjectMeta 1 +\nversions [@APIVersionDiscovery 2`,
  [`${DISCOVERY}.APIVersionDiscovery`]: "version s 1 +\nresources [@APIResourceDiscovery 2\nfreshness s 3",
  [`${DISCOVERY}.APIResourceDiscovery`]: `resource s 1 +\nresponseKind @${META}.GroupVersionKind 2 ^\nscope s 3 +\nsingularResource s 4 +\nverbs [s 5 +\nshortNames [s 6\ncategories [s 7\nsubresources [@APISubresourceDiscovery 8`,
  [`${DISCOVERY}.APISubresourceDiscovery`]: `subresource s 1 +\nresponseKind @${META}.GroupVersionKind 2 ^\nacceptedTypes [@${META}.GroupVersionKind 3\nverbs [s 4 +`,
};
