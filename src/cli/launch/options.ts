/**
 * The options of a command that may run as several processes.
 */
import { transportNames } from "../../distributed/join.js";
import { choice, integer, text } from "../options.js";

export const launchOptions = {
  nproc: integer({ help: "processes on this machine that share the work", max: 1024 }),
  nnodes: integer({ help: "machines that share the work; run the same line on each", max: 65536 }),
  nodeRank: integer({ help: "which of the machines this is, from 0", min: 0, max: 65535 }),
  masterAddr: text({ help: "where the first machine can be reached", placeholder: "HOST" }),
  masterPort: integer({ help: "its port; default: 29500", max: 65535 }),
  bindAddr: text({
    help: "address to listen on where others reach this machine by another one; 0.0.0.0: all",
    placeholder: "HOST",
  }),
  transport: choice(transportNames, { help: "how the processes talk", default: "auto" }),
  maxRestarts: integer({ help: "start all processes again after a failure, this often", min: 0, default: 0 }),
  collectiveTimeout: integer({
    help: "seconds before a process that keeps the others waiting ends the run",
    default: 600,
  }),
};

const { maxRestarts: _, ...withoutRestarts } = launchOptions;
/** The same where a failed start has nothing to go on with. */
export const sharingOptions = withoutRestarts;

/** How the help shows them. */
export const sharingGroups = [
  { title: "several processes", options: ["nproc", "transport", "collectiveTimeout"] },
  {
    title: "several machines, without a launcher of their own",
    options: ["nnodes", "nodeRank", "masterAddr", "masterPort", "bindAddr"],
  },
] as const;
