/** Before every test file: kernels that index.ts would install, for tests that open a backend without it. */
import "../src/backends/wasm/folded-training.js";
