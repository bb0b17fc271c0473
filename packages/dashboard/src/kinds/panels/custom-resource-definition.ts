/** A kind that users brought along, and its versions. */
import type { CustomResourceDefinition } from "@kubets/api/generated/types/apiextensions-v1";
import { type ComponentChild, h } from "preact";
import { Facts } from "../../parts/facts.ts";
import { Fold } from "../../parts/fold.ts";
import { Grid } from "../../parts/grid.ts";
import { useCluster } from "../../parts/hooks.ts";
import { Section } from "../../parts/section.ts";
import { Tree } from "../../parts/tree.ts";
import { listAddress } from "../../route.ts";
import type { PanelView } from "../panels.ts";

export function DefinitionPanel({ object: { spec } }: PanelView<CustomResourceDefinition>): ComponentChild {
  const { kinds } = useCluster();
  const { group, names, scope, versions } = spec;
  const kind = kinds.named({ group, resource: names.plural });
  return [
    h(
      Section,
      { key: "definition", title: "Definition" },
      h(Facts, {
        of: {
          Kind: kind ? h("a", { href: listAddress(kind) }, names.kind) : names.kind,
          Group: group,
          Scope: scope,
          Names: [names.plural, names.singular, ...(names.shortNames ?? [])].filter(Boolean).join(", "),
          Categories: names.categories?.join(", "),
          Conversion: spec.conversion?.strategy,
        },
      }),
    ),
    h(
      Section,
      { key: "versions", title: "Versions" },
      h(Grid, {
        titles: ["Version", "Is", "Subresources", "Columns", "Schema"],
        rows: versions.map(({ name, served, storage, deprecated, subresources, additionalPrinterColumns, schema }) => [
          name,
          [served ? "served" : "not served", storage && "stored", deprecated && "deprecated"]
            .filter(Boolean)
            .join(", "),
          Object.keys(subresources ?? {}).join(", "),
          additionalPrinterColumns?.map((column) => column.name).join(", "),
          schema?.openAPIV3Schema &&
            h(Fold, { title: "fields", content: () => h(Tree, { value: schema.openAPIV3Schema?.properties ?? {} }) }),
        ]),
      }),
    ),
  ];
}
