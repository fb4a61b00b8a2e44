/** `studio`: training, watching and trying models in a browser, served from this machine. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { platform } from "node:os";
import { reportPage } from "../../report/report.js";
import { type Studio, startStudio } from "../../studio-server/server.js";
import { UsageError } from "../../util/errors.js";
import { defineCommand } from "../command.js";
import { flag, integer, text } from "../options.js";
import { demoData, shownPath } from "../paths.js";
import { commonOptions, startBackend } from "../shared-options.js";
import { interruptions } from "../signals.js";

/** Nobody's in IANA's list; a second studio takes a free one. */
const USUAL_PORT = 8686;
const LOCAL = /^(127\.|::1$|localhost$)/;

/** What opens an address with the user's browser, by system. */
const openers: Readonly<Record<string, readonly [program: string, ...args: string[]]>> = {
  darwin: ["open"],
  win32: ["rundll32", "url.dll,FileProtocolHandler"],
};

/** Whether a program was found for it; what becomes of that is the user's to see. */
function openInBrowser(url: string): Promise<boolean> {
  const [program, ...args] = openers[platform()] ?? ["xdg-open"];
  return new Promise((resolve) => {
    const child = spawn(program, [...args, url], { stdio: "ignore", detached: true });
    child.once("error", () => resolve(false));
    child.once("spawn", () => {
      child.unref();
      resolve(true);
    });
  });
}

const isTaken = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === "EADDRINUSE";

async function start(runs: string, port: number | undefined, host: string): Promise<Studio> {
  let isStarted: Promise<unknown> | undefined;
  const makeReport = async (run: string): Promise<string> => {
    isStarted ??= startBackend({ backend: "wasm", threads: undefined, turbo: null });
    await isStarted;
    return reportPage(run, { mostImages: 0, demo: demoData });
  };
  try {
    return await startStudio({ runs, port: port ?? USUAL_PORT, host, makeReport });
  } catch (error) {
    if (!isTaken(error)) throw error;
    if (port === undefined) return startStudio({ runs, port: 0, host, makeReport });
    throw new UsageError(`studio: port ${port} of ${host} is taken, expected a free one`, "--port 0 takes any");
  }
}

export const studio = defineCommand({
  name: "studio",
  summary: "Opens the studio in a browser: train in a tab, watch runs as they go on, try a model",
  options: {
    runs: text({ help: "the folder of runs to watch", placeholder: "DIR", default: "runs" }),
    port: integer({
      help: `where to listen; 0: any free port; default: ${USUAL_PORT}, or a free one`,
      min: 0,
      max: 65535,
    }),
    host: text({
      help: "address to listen on; any other than this machine's lets the network see the runs",
      placeholder: "HOST",
      default: "127.0.0.1",
    }),
    open: flag({ help: "open the browser" }),
    ...commonOptions,
  },
  examples: ["studio", "studio --runs runs --open", "studio --runs runs --host 127.0.0.1 --port 0"],
  async run({ runs, port, host, open }, _, { terminal }) {
    const running = await start(runs, port, host);
    const stop = interruptions(() => terminal.print("stopping"));
    try {
      terminal.print(`studio  ${running.url}`);
      terminal.print(`runs    ${shownPath(running.runs)}${existsSync(running.runs) ? "" : " (not there yet)"}`);
      if (!LOCAL.test(host)) {
        terminal.print("note: everyone who reaches this address sees the runs, without a password");
        terminal.print(
          "note: browsers give threads and storage to https and to this machine alone: training runs on one thread",
        );
      }
      terminal.print("Ctrl-C ends it");
      if (open && !(await openInBrowser(running.url)))
        terminal.print("note: no program was found to open a browser with");
      if (!stop.signal.aborted) await once(stop.signal, "abort");
      // a number is the code of a signal: to be ended so is how a server ends
      if (typeof stop.signal.reason !== "number") throw stop.signal.reason;
    } finally {
      stop.stop();
      await running.close();
    }
    return { json: { url: running.url, runs: running.runs } };
  },
});
