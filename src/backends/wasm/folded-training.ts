/** Importing this installs the kernels of folded training: moments of patches, folds and their gradients. */
import { foldKernels } from "./kernels/fold/index.js";
import { installKernels } from "./kernels/index.js";
import { momentKernels } from "./kernels/moments/index.js";

installKernels({ ...momentKernels, ...foldKernels });
