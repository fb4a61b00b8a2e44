/** The process that trains on a device and loses it: Vulkan's loader and driver are in its environment from the start. */
import { type LossOrder, lossTrials } from "./lose-device.js";

const { ms, ...order } = JSON.parse(process.argv[2]!) as LossOrder & { readonly ms: number };
process.send!(await lossTrials({ ...order, deadline: performance.now() + ms }));
process.disconnect();
