"""Class weights of scikit-learn, for test/data/class-weights.test.ts: /usr/bin/python3 make-class-weights.py (Debian: python3-sklearn)."""
import json
import os

import numpy as np
import sklearn
from sklearn.utils.class_weight import compute_class_weight

random = np.random.default_rng(0)
rows = []
for classes in (2, 3, 5, 10, 100):
    for most in (3, 50, 2000):
        counts = random.integers(1, most + 1, classes)
        labels = np.repeat(np.arange(classes), counts)
        weights = compute_class_weight("balanced", classes=np.arange(classes), y=labels)
        rows.append({"counts": counts.tolist(), "weights": weights.tolist()})
path = os.path.join(os.path.dirname(__file__), "class-weights.json")
with open(path, "w") as file:
    json.dump({"sklearn": sklearn.__version__, "rows": rows}, file)
    file.write("\n")
