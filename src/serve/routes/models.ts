/** Pictures in, scores out: by TorchServe's address and by that of the Open Inference Protocol. */

import { type Body, readBody } from "../body.js";
import { HttpError } from "../http-error.js";
import { predictionJson, readPrediction } from "../protocols/predictions.js";
import { chosenOutputs, inferAnswer } from "../protocols/v2-answer.js";
import { readInfer } from "../protocols/v2-request.js";
import { json, modelNamed, type RequestContext, type Row, type Service } from "../service.js";

/** Until an engine that failed is open again, in a word that clients wait by. */
const RETRY_AFTER_SECONDS = 2;

/** Runs `use` with the body, and gives its memory back. What can be refused by the headers alone is refused before. */
async function withBody<T>(context: RequestContext, service: Service, use: (body: Body) => Promise<T>): Promise<T> {
  const { intake, maxBytes, engine } = service;
  if (!engine.isReady)
    throw new HttpError(503, "the engine is being started again", "try again later", RETRY_AFTER_SECONDS);
  intake.expectRoom();
  const body = await readBody(context.env.incoming, maxBytes, intake);
  try {
    return await use(body);
  } finally {
    body.release();
  }
}

/** Whether the connection still stands. */
const isWanted = ({ env }: RequestContext) => {
  const { outgoing } = env;
  return () => !outgoing.destroyed;
};

export const modelRows: readonly Row[] = [
  {
    // curl -T, of TorchServe's own examples, makes it a PUT
    methods: ["POST", "PUT"],
    path: "/predictions/:name",
    endpoint: "predictions",
    answer(context, service) {
      const { at } = modelNamed(service, context.req.param("name") ?? "");
      return withBody(context, service, async ({ bytes }) => {
        const type = context.req.header("content-type") ?? "";
        const { picture, topK } = readPrediction(type, bytes, context.req.query("topK"), service.topK);
        const inputs = [{ kind: "file", bytes: picture }] as const;
        const [scores] = await service.predictor.scores(at, inputs, isWanted(context));
        return json(predictionJson(scores!, service.labels[at]!, topK));
      });
    },
  },
  {
    methods: ["POST"],
    path: "/v2/models/:name/infer",
    endpoint: "v2 infer",
    answer(context, service) {
      const { model, at } = modelNamed(service, context.req.param("name") ?? "");
      return withBody(context, service, async ({ bytes }) => {
        const request = readInfer(bytes, context.req.header("inference-header-content-length"), model.imageSize);
        chosenOutputs(request);
        const rows = await service.predictor.scores(at, request.inputs, isWanted(context));
        const { body, headers } = inferAnswer(model, request, rows, service.labels[at]!);
        return new Response(body, { headers });
      });
    },
  },
];
