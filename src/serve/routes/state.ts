/** How the server is: for people, load balancers and Prometheus. */

import { metadataOf } from "../protocols/v2-answer.js";
import { json, modelNamed, type Row, type Service } from "../service.js";

const isReady = ({ engine, isStopping }: Service): boolean => engine.isReady && !isStopping();

/** 200 or 503, with a word. */
const ready = (service: Service): Response => json({ ready: isReady(service) }, isReady(service) ? 200 : 503);

export const stateRows: readonly Row[] = [
  {
    methods: ["GET"],
    path: "/ping",
    endpoint: "ping",
    answer: (_, service) =>
      isReady(service)
        ? json({ status: "Healthy" })
        : json({ status: service.isStopping() ? "Stopping" : "Starting" }, 503),
  },
  {
    methods: ["GET"],
    path: "/models",
    endpoint: "models",
    answer: (_, { engine }) =>
      json({
        models: engine.models.map(({ name, model, numClasses, imageSize }) => ({
          ...{ modelName: name, model, numClasses, imageSize },
        })),
      }),
  },
  {
    methods: ["GET"],
    path: "/metrics",
    endpoint: "metrics",
    answer: async (_, { metrics }) =>
      new Response(await metrics.text(), { headers: { "Content-Type": metrics.contentType } }),
  },
  {
    methods: ["GET"],
    path: "/v2",
    endpoint: "v2",
    answer: (_, { version }) => json({ name: "tensorone", version, extensions: ["binary_tensor_data"] }),
  },
  { methods: ["GET"], path: "/v2/health/live", endpoint: "v2 live", answer: () => json({ live: true }) },
  {
    methods: ["GET"],
    path: "/v2/health/ready",
    endpoint: "v2 ready",
    answer: (_, service) => ready(service),
  },
  {
    methods: ["GET"],
    path: "/v2/models/:name",
    endpoint: "v2 model",
    answer: (context, service) => json(metadataOf(modelNamed(service, context.req.param("name") ?? "").model)),
  },
  {
    methods: ["GET"],
    path: "/v2/models/:name/ready",
    endpoint: "v2 model ready",
    answer(context, service) {
      const { model } = modelNamed(service, context.req.param("name") ?? "");
      return json({ name: model.name, ready: isReady(service) }, isReady(service) ? 200 : 503);
    },
  },
];
