/** Before every test file: the ops of all chapters, as index.ts has them, for tests that read a table or open a backend without it. */
import "../src/chapters/index.js";
