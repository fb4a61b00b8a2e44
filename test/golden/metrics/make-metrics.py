"""Confusion matrices and classification reports of scikit-learn (Debian's python3-sklearn) for random labels and answers.

Twenty tables: classes that never occur among the labels, among the answers or in either; a single class; answers that are
always right, always wrong, and always the same.

    python3 make-metrics.py > metrics.json
"""
import json
import warnings

import numpy as np
import sklearn
from sklearn import metrics

warnings.simplefilter("ignore")
rng = np.random.default_rng(7)


def table(classes, count, labels, answers, accuracy):
    """`labels` and `answers` are the classes that may occur on either side."""
    true = rng.choice(labels, count)
    guess = np.where(rng.random(count) < accuracy, true, rng.choice(answers, count))
    names = list(range(classes))
    keys = ["precision", "recall", "f1"]
    averages = {
        kind: dict(zip(keys, map(float, metrics.precision_recall_fscore_support(
            true, guess, labels=names, average=kind, zero_division=0)[:3])))
        for kind in ["macro", "micro", "weighted"]
    }
    precision, recall, f1, support = metrics.precision_recall_fscore_support(true, guess, labels=names, zero_division=0)
    kappa = metrics.cohen_kappa_score(true, guess, labels=names)
    return {
        "classes": classes,
        "labels": true.tolist(),
        "answers": guess.tolist(),
        "matrix": metrics.confusion_matrix(true, guess, labels=names).ravel().tolist(),
        "precision": precision.tolist(),
        "recall": recall.tolist(),
        "f1": f1.tolist(),
        "support": support.tolist(),
        "accuracy": float(metrics.accuracy_score(true, guess)),
        "balancedAccuracy": float(metrics.balanced_accuracy_score(true, guess)),
        "cohenKappa": None if np.isnan(kappa) else float(kappa),
        **averages,
    }


def top_k():
    """Logits without ties: top_k_accuracy_score breaks them by order."""
    scores = rng.permutation(60 * 12).reshape(60, 12) / 60
    true = rng.integers(0, 12, 60)
    shares = {k: float(metrics.top_k_accuracy_score(true, scores, k=k, labels=range(12))) for k in [1, 2, 3, 5, 11]}
    return {"scores": scores.tolist(), "labels": true.tolist(), "shares": shares}


every = [table(classes, count, range(classes), range(classes), accuracy)
         for classes, count, accuracy in [(2, 9, 0.5), (3, 40, 0.7), (5, 60, 0.3), (10, 200, 0.8), (10, 12, 0.4), (37, 150, 0.5)]]
holes = []
for classes, count in [(3, 20), (4, 30), (6, 25), (8, 100), (12, 40), (20, 60), (20, 15), (37, 80)]:
    kept = [np.sort(rng.choice(classes, max(1, classes * 2 // 3), replace=False)) for _ in range(2)]
    holes.append(table(classes, count, *kept, 0.4))
edges = [
    table(4, 10, [2], [2], 1),
    table(1, 5, [0], [0], 1),
    table(4, 10, [0, 1], [2, 3], 0),
    table(5, 30, range(5), [3], 0),
    table(5, 30, [3], range(5), 0),
    table(6, 50, range(6), range(6), 1),
]
tables = every + holes + edges
assert len(tables) == 20
print(json.dumps({"sklearn": sklearn.__version__, "tables": tables, "topK": top_k()}, separators=(",", ":")))
