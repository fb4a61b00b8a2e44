/** A config of one field, in the folder of the program. */
import { writeFileSync } from "node:fs";

export async function given(): Promise<{ readonly config: string }> {
  const config = "my.json";
  writeFileSync(config, '{ "optimizer": { "weightDecay": 0.05 } }\n');
  return { config };
}
