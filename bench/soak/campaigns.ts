/** Every campaign by name. A new one is a file here that exports `campaign`, and a line. */
import type { Campaign } from "./campaign.js";

const modules = {
  mutants: () => import("./mutants/campaign.js"),
  pictures: () => import("./pictures.js"),
  "kill-trainer": () => import("./kill-trainer.js"),
  "kill-ranks": () => import("./kill-ranks.js"),
  "kill-data-threads": () => import("./kill-data-threads.js"),
  disks: () => import("./disks.js"),
  "clock-steps": () => import("./clock-steps.js"),
  "memory-limits": () => import("./memory-limits.js"),
  serve: () => import("./serve.js"),
  wire: () => import("./wire.js"),
  "flip-bits": () => import("./flips.js"),
  "gpu-lost": () => import("./gpu-lost.js"),
  endurance: () => import("./endurance.js"),
  "endurance-training": () => import("./endurance-training.js"),
} as const satisfies { readonly [name: string]: () => Promise<{ readonly campaign: Campaign }> };

export type CampaignName = keyof typeof modules;
export const campaignNames = Object.keys(modules) as CampaignName[];
export const loadCampaign = async (name: CampaignName): Promise<Campaign> => (await modules[name]()).campaign;
