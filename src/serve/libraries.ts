/**
 * The one door to other people's server libraries. The build lays a bundle of them in the place of this module's output
 * (scripts/build-libraries.mjs), so that an installed package serves without packages beside it.
 */
export { getRequestListener, type HttpBindings } from "@hono/node-server";
export { type Context, Hono } from "hono";
export { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
