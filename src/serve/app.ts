/**
 * Addresses and what they answer, as a table. Whatever happens in a row becomes a status with one JSON object, a figure of the metrics
 * and, where it is an error, an entry of the log.
 */
import { answerOf, bodyOf, GoneError, HttpError } from "./http-error.js";
import { Hono, type HttpBindings } from "./libraries.js";
import { modelRows } from "./routes/models.js";
import { stateRows } from "./routes/state.js";
import { json, type RequestContext, type Row, type Service } from "./service.js";

function errorResponse(error: unknown): Response {
  const { status, body } = answerOf(error);
  const retryAfter = error instanceof HttpError ? error.retryAfterSeconds : undefined;
  return json(body, status, retryAfter === undefined ? {} : { "Retry-After": String(retryAfter) });
}

/** All rows as one handler of requests. */
export function createApp(service: Service): Hono<{ Bindings: HttpBindings }> {
  const app = new Hono<{ Bindings: HttpBindings }>();
  const rows: readonly Row[] = [...stateRows, ...modelRows];
  async function run(context: RequestContext, endpoint: string, answer: () => Response | Promise<Response>) {
    const start = performance.now();
    let response: Response;
    try {
      response = await answer();
    } catch (error) {
      response = errorResponse(error);
      const { method, path } = context.req;
      // nobody reads it: the client left
      if (!(error instanceof GoneError)) service.log.request(error, { status: response.status, method, path });
    }
    if (service.isStopping()) response.headers.set("Connection", "close");
    service.metrics.answered(endpoint, response.status, performance.now() - start);
    return response;
  }
  for (const { methods, path, endpoint, answer } of rows) {
    app.on([...methods], path, (context) => run(context, endpoint, () => answer(context, service)));
    app.all(path, (context) =>
      run(context, endpoint, () => {
        const response = json(bodyOf(`${context.req.method}, expected ${methods.join(" or ")}`), 405);
        response.headers.set("Allow", methods.join(", "));
        return response;
      }),
    );
  }
  const known = rows.map(({ path }) => path).join(", ");
  app.notFound((context) =>
    run(context, "other", () => {
      throw new HttpError(404, "there is nothing at this address", `addresses are ${known}`);
    }),
  );
  app.onError((error) => errorResponse(error));
  return app;
}
