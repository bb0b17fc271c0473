/** HorizontalPodAutoscaler */
import { define, keepAllBut } from "../define.ts";
import { horizontalpodautoscalersV1 } from "../generated/refs.ts";

export const horizontalPodAutoscalerV1Resource = define(horizontalpodautoscalersV1, {
  shortNames: ["hpa"],
  categories: ["all"],
  subresources: { status: { type: "status", part: ["status"], prepareForUpdate: keepAllBut("status") } },
});
