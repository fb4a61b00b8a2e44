/** Starts the page: headers by a service worker where the host has none, then the worker with its project, and the screens meanwhile. */
import "uplot/dist/uPlot.min.css";
import "./style/tokens.css";
import "./style/elements.css";
import "./style/shell.css";
import "./style/train.css";
import "./style/panels.css";
import { render } from "preact";
import { open } from "./session/actions.js";
import { isolated } from "./shell/isolation.js";
import { Shell } from "./shell/shell.js";

render(<Shell />, document.getElementById("app")!);
// a page that is about to load again should not hold the project's lock
if (!(await isolated())) await open();
