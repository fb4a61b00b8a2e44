/** `serve`: models behind HTTP until a signal ends it, which finishes what was accepted. */
import { decoderNames } from "../../data/codecs/decoder.js";
import { type NamedModel, namedModels } from "../../serve/names.js";
import { type ServeOptions, serveDefaults } from "../../serve/options.js";
import { serve } from "../../serve/serve.js";
import { jsonLine } from "../../util/escape.js";
import { formatBytes } from "../../util/format.js";
import { certificateJson, certificateLine } from "../certificate.js";
import { defineCommand } from "../command.js";
import { localWeights } from "../local-weights.js";
import { integer, number, text, type Values } from "../options.js";
import { shownPath } from "../paths.js";
import { printJson } from "../report.js";
import { commonOptions, decoderLabel, decoderOption, fastComputeOptions, weightsOption } from "../shared-options.js";
import { interruptions } from "../signals.js";

const MIB = 2 ** 20;
const MEGA = 1e6;
const MS = 1000;
const MOST_PORT = 65_535;

const serveOptions = {
  host: text({
    help: "address to listen at; 0.0.0.0: all of this machine's",
    placeholder: "HOST",
    default: serveDefaults.host,
  }),
  port: integer({ help: "0: any free one, which is told", min: 0, max: MOST_PORT, default: serveDefaults.port }),
  batchSize: integer({ help: "pictures computed together, at most", default: serveDefaults.batchSize }),
  maxDelayMs: integer({
    help: "milliseconds that a picture waits for others, at most, while nothing is computed",
    min: 0,
    default: serveDefaults.maxDelayMs,
  }),
  queue: integer({
    help: "pictures that wait or are in work; requests beyond get 503 and Retry-After",
    default: serveDefaults.queue,
  }),
  maxMegabytes: integer({ help: "of a body, of 2^20 bytes; beyond: 413", default: serveDefaults.maxBytes / MIB }),
  maxMegapixels: integer({ help: "of a picture; beyond: 400", default: serveDefaults.maxPixels / MEGA }),
  requestTimeout: number({
    help: "seconds in which a request has to have arrived; else 408",
    default: serveDefaults.requestTimeoutMs / MS,
  }),
  stopTimeout: number({
    help: "seconds that a stop waits for requests that were accepted",
    fromZero: true,
    default: serveDefaults.stopTimeoutMs / MS,
  }),
  topK: integer({ help: "classes in an answer of /predictions", default: serveDefaults.topK }),
  weights: weightsOption,
  imageSize: integer({ help: "side of the pictures; default: what each model was trained for", max: 4096 }),
  decoder: decoderOption,
  workers: integer({
    help: "threads that decode; default: a quarter of the cores, at least one",
    max: 256,
  }),
  ...fastComputeOptions,
  ...commonOptions,
};

/** Options of the library from those of the line. */
function optionsOf(values: Values<typeof serveOptions>): ServeOptions {
  const { host, port, batchSize, maxDelayMs, queue, topK, backend, turbo } = values;
  const { imageSize, weights, workers, threads } = values;
  const decoder = decoderNames.find((name) => name === values.decoder);
  return {
    ...{ host, port, batchSize, maxDelayMs, queue, topK, backend, turbo },
    maxBytes: values.maxMegabytes * MIB,
    maxPixels: values.maxMegapixels * MEGA,
    requestTimeoutMs: Math.ceil(values.requestTimeout * MS),
    stopTimeoutMs: Math.ceil(values.stopTimeout * MS),
    ...(decoder !== undefined && { decoder }),
    ...(imageSize !== undefined && { imageSize }),
    ...(weights !== undefined && { weights }),
    ...(threads !== undefined && { threads }),
    ...(workers !== undefined && { workers }),
    // a line each for programs that gather logs; what came from outside cannot steer a terminal
    onError: (entry) => void process.stderr.write(jsonLine(entry)),
  };
}

export const serving = defineCommand({
  name: "serve",
  summary: "Answers pictures over HTTP, by TorchServe's addresses and the Open Inference Protocol",
  positionals: { names: ["MODEL|NAME=MODEL"], isRepeated: true },
  options: serveOptions,
  exits: [
    ["0", "ended by a signal, all accepted requests answered"],
    ["1", "failed, or requests were cut off after --stop-timeout"],
  ],
  examples: [
    "serve runs/pets",
    "serve pets=runs/pets birds=runs/birds --port 0 --json",
    "serve runs/pets --host 0.0.0.0 --batch-size 16 --max-delay-ms 10 --queue 256",
    "serve runs/pets --max-megabytes 4 --max-megapixels 12 --request-timeout 10 --stop-timeout 5",
    "serve runs/pets --top-k 1 --threads 1 --workers 1 --decoder jpeg-js",
  ],
  async run(values, words, { terminal, aside }) {
    const models: NamedModel[] = [];
    for (const { name, path } of namedModels(words)) models.push({ name, path: await localWeights(path, aside) });
    const interruption = interruptions((name) => aside.print(`${name}: finishing what was accepted`));
    try {
      const server = await serve(Object.fromEntries(models.map(({ name, path }) => [name, path])), optionsOf(values));
      for (const { name, model, numClasses, imageSize, certificate, path } of server.models) {
        terminal.print(
          `${terminal.paint("bold", name)}  ${model}  ${numClasses} classes  ${imageSize} px  ${shownPath(path)}`,
        );
        if (certificate !== null) terminal.print(certificateLine(certificate));
      }
      terminal.print(
        `backend ${server.backend}  ${decoderLabel(server.decoder, server.workers)}  batches of ${values.batchSize}  at most ${values.queue} pictures at a time, bodies of ${formatBytes(values.maxMegabytes * MIB)}`,
      );
      terminal.print(`listening on ${server.url}`);
      // now, as a program that started this one waits for the address
      if (values.json) {
        const { url, host, port, backend, decoder } = server;
        const shown = server.models.map(({ certificate, classes: _, ...model }) => ({
          ...model,
          certificate: certificate && certificateJson(certificate),
        }));
        printJson({ url, host, port, backend, decoder, models: shown });
      }
      await new Promise<void>((resolve) => {
        if (interruption.signal.aborted) resolve();
        else interruption.signal.addEventListener("abort", () => resolve(), { once: true });
      });
      const isWhole = await server.stop();
      const { reason } = interruption.signal;
      // an error that nobody caught is one, whatever was still answered
      if (typeof reason !== "number") throw reason;
      if (!isWhole) aside.print("stopped: requests were cut off after --stop-timeout");
      return { json: null, exitCode: isWhole ? 0 : 1 };
    } finally {
      interruption.stop();
    }
  },
});
