/** Every campaign by name. A new one is a file here that exports `campaign`, and a line. */
import type { Campaign } from "./campaign.js";

const modules = {
  mutants: () => import("./mutants/campaign.js"),
} as const satisfies { readonly [name: string]: () => Promise<{ readonly campaign: Campaign }> };

export type CampaignName = keyof typeof modules;
export const campaignNames = Object.keys(modules) as CampaignName[];
export const loadCampaign = async (name: CampaignName): Promise<Campaign> => (await modules[name]()).campaign;
