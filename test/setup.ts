/** Before every test file: the ops of all chapters, as index.ts has them, for tests that read a table or open a backend without it;
 * and no warnings of fallbacks, which tests provoke. */
import "../src/chapters/index.js";
import { setFallbackWarnings } from "../src/backends/wasm/fallbacks.js";

setFallbackWarnings(false);
