/** HorizontalPodAutoscaler */
import { define, keepAllBut } from "../define.ts";
import { horizontalpodautoscalers } from "../generated/refs.ts";

export const horizontalPodAutoscalerResource = define(horizontalpodautoscalers, {
  shortNames: ["hpa"],
  categories: ["all"],
  subresources: { status: { type: "status", part: ["status"], prepareForUpdate: keepAllBut("status") } },
});
